import { number, object } from '../../schema/build.ts';
import { alignedRanks } from '../merging/operands.ts';
import { layer } from '../row.ts';

/** Of InceptionResNetV2: a shortcut and its scaled residuals. */
export const customScaleLayer = layer({
  className: 'CustomScaleLayer',
  takesList: true,
  doc: 'its first input plus its second times a fixed scale, as in InceptionResNetV2',
  config: object({ scale: number() }),
  lower(layer) {
    const [shortcut, residual, ...others] = alignedRanks(
      layer,
      layer.inputs.map((value) => layer.cast(value, 'f32')),
    );
    if (shortcut === undefined || residual === undefined || others.length > 0)
      return layer.mismatch('CustomScaleLayer takes two tensors', `${layer.inputs.length}`);
    const scaled = layer.op('mul', [residual, layer.scalar(layer.config.scale, 'scale')], {}, 'scaled');
    return layer.op('add', [shortcut, scaled], {});
  },
});
