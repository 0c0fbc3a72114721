import { object } from '../../schema/build.ts';
import { type LayerRow, layer } from '../row.ts';
import { refuseTraining } from '../training.ts';

/** They give floats, whatever they are given. */
const TO_FLOATS = [
  'AugMix',
  'CutMix',
  'RandAugment',
  'RandomElasticTransform',
  'RandomErasing',
  'RandomFlip',
  'RandomGaussianBlur',
  'RandomPerspective',
  'RandomRotation',
  'RandomSharpness',
  'RandomShear',
  'RandomTranslation',
  'RandomZoom',
  'Solarization',
] as const;

/** They give their input as it is, integers as integers. */
const AS_GIVEN = [
  'Equalization',
  'MaxNumBoundingBoxes',
  'MixUp',
  'RandomBrightness',
  'RandomColorDegeneration',
  'RandomColorJitter',
  'RandomContrast',
  'RandomGrayscale',
  'RandomHue',
  'RandomInvert',
  'RandomPosterization',
  'RandomSaturation',
] as const;

/** Layers of Keras 2 alone, which give floats. */
const OLD: readonly string[] = ['RandomHeight', 'RandomWidth'];

/** Those that both have. */
const SHARED: readonly string[] = ['RandomBrightness', 'RandomContrast', 'RandomFlip', 'RandomRotation', 'RandomTranslation', 'RandomZoom'];

const CUT = 'leave this layer out with --skip';

/** Layers that vary images while a model is trained, and pass them on otherwise. */
export const augmentationLayers: readonly LayerRow<object>[] = [...TO_FLOATS, ...AS_GIVEN, ...OLD].map((className) =>
  layer({
    className,
    ...(OLD.includes(className) ? { only: 2 as const } : SHARED.includes(className) ? {} : { only: 3 as const }),
    doc: 'the identity outside training',
    onMask: 'drops',
    config: object({}),
    lower(layer) {
      if (layer.origin.writer === 'tfjs-layers')
        return layer.unsupported(`${className} of tfjs-layers, which is random outside training, too`, CUT);
      // Keras 3 writes training=True beside every call, and overrides it when it predicts.
      if (layer.origin.keras !== 3) refuseTraining(layer);
      // In Keras 2 every one of them casts to floats.
      const asGiven = layer.origin.keras === 3 && (AS_GIVEN as readonly string[]).includes(className);
      return asGiven ? (layer.inputs[0] ?? layer.x) : layer.x;
    },
  }),
);
