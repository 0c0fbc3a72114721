import { isObject } from '../spec.ts';
import { mergeOf } from './merge.ts';
import { paddingOf } from './padding.ts';
import { type Renaming, renamings } from './table.ts';

type Config = Readonly<Record<string, unknown>>;

/** A layer's class and config. */
export interface Described {
  readonly className: string;
  readonly config: Config;
}

/** Where Keras 1 has the channels: first, as was usual with Theano, or last. */
export type Ordering = 'th' | 'tf';

const isOrdering = (value: unknown): value is Ordering => value === 'th' || value === 'tf';
const DATA_FORMATS: Readonly<Record<Ordering, string>> = { th: 'channels_first', tf: 'channels_last' };

/** Wrappers hold the layer they wrap in their config. */
const WRAPPERS: ReadonlySet<string> = new Set(['TimeDistributed', 'Bidirectional']);

/** True where a layer's config is as Keras 1 wrote it. */
export function isKeras1({ className, config }: Described): boolean {
  const inner = wrappedBy(className, config);
  if (inner !== null) return isKeras1(inner);
  // A Sequential of Keras 1 may start with a merge of other models.
  if (className === 'Merge') return Array.isArray(config['layers']);
  const renaming = renamings.get(className);
  return renaming !== undefined && isOld(renaming, config);
}

/** No layer of Keras 2 has one of its old keys. */
const isOld = ({ keys, joined }: Renaming, config: Config): boolean =>
  Object.keys(config).some((key) => keys.has(key)) || (joined?.[1] ?? []).some((key) => Object.hasOwn(config, key));

/**
 * The ordering that the layers of a model agree on, null where none says one or two differ: early files of Keras 1 leave it out in
 * some layers, and mean that of the others.
 */
export function orderingOf(configs: readonly Config[]): Ordering | null {
  const stated = new Set(configs.map((config) => config['dim_ordering']).filter(isOrdering));
  const [first, ...others] = stated;
  return first === undefined || others.length > 0 ? null : first;
}

/**
 * A layer of Keras 1 as Keras 2 would write it; any other is itself. What has no counterpart keeps a class that no layer has, so
 * that it is refused where it is live, and only there. Recursive over wrappers, whose nesting is bounded.
 */
export function translated(layer: Described, ordering: Ordering | null): Described {
  const { className, config } = layer;
  const inner = wrappedBy(className, config);
  if (inner !== null) {
    const { className: class_name, config: translatedConfig } = translated(inner, ordering);
    return { className, config: { ...config, layer: { ...(config['layer'] as object), class_name, config: translatedConfig } } };
  }
  if (className === 'Merge') return mergeOf(layer);
  if (className.startsWith('ZeroPadding')) return rename({ className, config: paddingOf(className, config) }, ordering);
  return rename(layer, ordering);
}

function rename(layer: Described, ordering: Ordering | null): Described {
  const { className, config } = layer;
  const renaming = renamings.get(className);
  if (renaming === undefined) return layer;
  const stated = config['dim_ordering'];
  const own = isOrdering(stated) ? stated : renaming.ordered ? ordering : null;
  if (!isOld(renaming, config)) {
    const unordered = renaming.ordered && own !== null && !Object.hasOwn(config, 'data_format');
    return unordered ? { className, config: { ...config, data_format: DATA_FORMATS[own] } } : layer;
  }
  // How its depthwise kernel lay is nowhere said: Keras 2 has no conversion for it either.
  if (className === 'SeparableConvolution2D' && own === 'th') return { className: 'keras1.SeparableConvolution2D', config };
  const renamed = Object.entries(config).flatMap(([key, value]): [string, unknown][] => {
    const name = renaming.keys.get(key);
    if (name === undefined || Object.hasOwn(config, name)) return [[key, value]];
    return name === 'data_format' ? [] : [[name, value]];
  });
  return {
    className: renaming.to,
    config: {
      ...Object.fromEntries(renamed),
      ...joinedOf(renaming, config),
      ...renaming.also,
      ...(own === null ? {} : { data_format: DATA_FORMATS[own] }),
      ...(renaming.kernel ? { keras1_kernel: own ?? 'tf' } : {}),
    },
  };
}

function joinedOf({ joined }: Renaming, config: Config): Config {
  if (joined === null || !joined[1].every((part) => Object.hasOwn(config, part))) return {};
  return { [joined[0]]: joined[1].map((part) => config[part]) };
}

function wrappedBy(className: string, config: Config): Described | null {
  const layer = WRAPPERS.has(className) ? config['layer'] : null;
  if (!isObject(layer) || typeof layer['class_name'] !== 'string' || !isObject(layer['config'])) return null;
  return { className: layer['class_name'], config: layer['config'] };
}
