import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';

type LayerConfig = ConstructorParameters<typeof layers.Layer>[0];

/** Augmentation, of which inference has nothing: tfjs-layers has no such layer. */
class RandomFlip extends layers.Layer {
  static readonly className = 'RandomFlip';

  override call(inputs: Tensor | Tensor[]): Tensor {
    return tf.clone([inputs].flat()[0] as Tensor);
  }
}

/** (x - mean) / max(sqrt(variance), epsilon), along the last axis; epsilon is Keras's. */
class Normalization extends layers.Layer {
  static readonly className = 'Normalization';

  constructor(config: LayerConfig) {
    super(config);
    this.supportsMasking = true;
  }

  override build(shape: (number | null)[]): void {
    const channels = [shape.at(-1) as number];
    for (const name of ['mean', 'variance']) this.addWeight(name, channels, 'float32', undefined, undefined, false);
    super.build(shape);
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return tf.tidy(() => {
      const [mean, variance] = this.getWeights() as [Tensor, Tensor];
      const x = [inputs].flat()[0] as Tensor;
      return tf.div(tf.sub(x, mean), tf.maximum(tf.sqrt(variance), 1e-7));
    });
  }
}

/** Keras 3's name for what tfjs-layers knows as swish. */
class Silu extends tf.serialization.Serializable {
  static readonly className = 'silu';

  apply(x: Tensor): Tensor {
    return tf.tidy(() => tf.mul(tf.sigmoid(x), x));
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {};
  }
}

let registered = false;

/** What users of tfjs-layers write themselves for the models here, as it lacks them. */
export function registerCustomLayers(): void {
  if (registered) return;
  registered = true;
  for (const layer of [RandomFlip, Normalization]) tf.serialization.registerClass(layer);
  tf.serialization.registerClass(Silu);
}
