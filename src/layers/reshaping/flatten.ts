import { elements, isKnown } from '../../ir/types.ts';
import { object } from '../../schema/build.ts';
import { channelsLast, dataFormat } from '../convolutional/layout.ts';
import { layer } from '../row.ts';

export const flatten = layer({
  className: 'Flatten',
  doc: 'every axis but the batch as one; channels that come first are moved last before',
  onMask: 'drops',
  config: object({ data_format: dataFormat }),
  lower(layer) {
    const given = layer.inputs[0] ?? layer.x;
    const [batch, ...rest] = given.type.shape;
    if (batch === undefined) return layer.mismatch('Flatten takes a batch', given.type.shape);
    if (rest.length === 1) return given;
    const x = rest.length > 1 ? channelsLast(layer, given, layer.config.data_format) : given;
    return layer.op('reshape', [x], { shape: [batch, rest.every(isKnown) ? elements(rest) : null] });
  },
});
