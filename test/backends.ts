import { createRequire } from 'node:module';
import { ready, setBackend } from '@tensorflow/tfjs-core';

/** The names tfjs registers its backends under; `tensorflow` is tfjs-node's. */
export type BackendName = 'cpu' | 'wasm' | 'tensorflow';

const require = createRequire(import.meta.url);

/** tfjs-node, or in a few words why it cannot be used: it is an optional dependency, which needs a native addon. */
type TfjsNode = { readonly module: object } | { readonly absent: string };

let tfjsNode: TfjsNode | undefined;

/** Loads tfjs-node once. `require`, not `import`: where it is not installed nothing but this call may know of it. */
export function loadTfjsNode(): TfjsNode {
  if (tfjsNode === undefined) {
    // Read by the C++ side as the addon is loaded; a fork's `process.env` is its real environment.
    process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
    try {
      tfjsNode = { module: require('@tensorflow/tfjs-node') as object };
    } catch (error) {
      const [firstLine = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
      tfjsNode = { absent: firstLine };
    }
  }
  return tfjsNode;
}

function parseChoice(value: string): BackendName[] {
  const chosen = new Set<BackendName>();
  for (const word of value.split(',').map((part) => part.trim())) {
    if (word === 'cpu' || word === 'wasm') chosen.add(word);
    else if (word === 'node') chosen.add('tensorflow');
    else throw new Error(`SKIPC_BACKENDS=${value}: '${word}' is none of cpu, wasm, node`);
  }
  return [...chosen];
}

let available: BackendName[] | undefined;

/**
 * The backends tests run on: what the environment variable SKIPC_BACKENDS (a list of `cpu`, `wasm`, `node`; `wasm` where
 * it is not set) asks for and this machine has. A `node` that is not installed is left out, and wasm stands in where
 * nothing remains, with one line on standard error.
 *
 * @throws Error on any other word in SKIPC_BACKENDS.
 */
export async function availableBackends(): Promise<BackendName[]> {
  if (available === undefined) {
    let names = parseChoice(process.env['SKIPC_BACKENDS'] || 'wasm');
    if (names.includes('tensorflow')) {
      const node = loadTfjsNode();
      if ('absent' in node) {
        const rest = names.filter((name) => name !== 'tensorflow');
        names = rest.length > 0 ? rest : ['wasm'];
        const outcome = rest.length > 0 ? 'is skipped' : 'is replaced by wasm';
        process.stderr.write(`SKIPC_BACKENDS: node ${outcome}, for @tensorflow/tfjs-node does not load here (${node.absent})\n`);
      }
    }
    available = names;
  }
  return [...available];
}

/**
 * Makes `name` the backend of this process, registering it on first use.
 *
 * @throws Error where the backend is not installed or does not start.
 */
export async function useBackend(name: BackendName): Promise<void> {
  if (name === 'cpu') await import('@tensorflow/tfjs-backend-cpu');
  else if (name === 'wasm') await import('@tensorflow/tfjs-backend-wasm');
  else {
    const node = loadTfjsNode();
    if ('absent' in node) throw new Error(`the backend 'tensorflow' needs @tensorflow/tfjs-node, which does not load: ${node.absent}`);
  }
  if (!(await setBackend(name))) throw new Error(`the tfjs backend '${name}' did not start`);
  await ready();
}
