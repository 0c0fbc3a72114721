import { anything, object, record, string } from '../../schema/build.ts';
import { layer } from '../row.ts';
import { refuseTraining } from '../training.ts';

/** Its own variable `vector_u` serves training alone: the kernel that a file holds has been divided by its norm already. */
export const spectralNormalization = layer({
  className: 'SpectralNormalization',
  doc: 'a layer whose kernel training keeps at a norm of 1',
  config: object({ layer: object({ class_name: string, config: record(anything) }) }),
  onMask: 'drops',
  lower(layer) {
    refuseTraining(layer);
    const { inputs } = layer;
    const { values, masks } = layer.child(layer.config.layer, true).call(inputs, { masks: [layer.mask()] });
    const [result] = values;
    const [input] = inputs;
    if (result === undefined || input === undefined) return layer.mismatch('SpectralNormalization takes and gives one tensor', 'none');
    layer.giveMask(masks[0] ?? null);
    // Keras 3 gives the result the dtype of the input: an Embedding of integers gives integers.
    return layer.origin.keras === 3 ? layer.cast(result, input.type.dtype) : result;
  },
});
