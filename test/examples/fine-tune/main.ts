// Fine-tunes a head on a frozen backbone, and prints what caching the backbone's features saves:
//
//     npm run example:fine-tune

import { loadTfjsNode, useBackend } from '../../backends.ts';
import { loadDigits } from '../../models/digits/load.ts';
import { type Epochs, fineTune } from './fine-tune.ts';
import { oddDigits } from './model.ts';

const TRAINED = 2_000;
const TESTED = 512;
const EPOCHS = 5;

const backend = 'absent' in loadTfjsNode() ? 'wasm' : 'tensorflow';
await useBackend(backend);
const model = await oddDigits('test/models/digits');
const report = await fineTune(model, { ...loadDigits(), trained: TRAINED, tested: TESTED, epochs: EPOCHS });

const shown = (milliseconds: number): string => `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`.padStart(9);
const row = (label: string, { milliseconds, accuracy }: Epochs): string =>
  `  ${label.padEnd(34)}${milliseconds.map(shown).join('')}   accuracy ${accuracy.at(-1)?.toFixed(4)}\n`;
const later = ({ milliseconds }: Epochs): number => milliseconds.slice(1).reduce((sum, each) => sum + each, 0) / (milliseconds.length - 1);
const saved = (slow: Epochs, fast: Epochs): string =>
  `${(slow.milliseconds.reduce((sum, each, epoch) => sum + each - (fast.milliseconds[epoch] ?? 0), 0) / 1000).toFixed(1)} s`;
const ratio = (slow: Epochs, fast: Epochs): string => `${(later(slow) / later(fast)).toFixed(0)} times as fast`;

const { fit, validated, head } = report;
process.stdout.write(
  `Is the digit odd? A head on a frozen backbone, cut at ${report.features.join(', ')}; tfjs backend ${backend}\n\n` +
    row(`fit, ${TRAINED} digits`, fit) +
    row(`validate ${TESTED}, model.evaluate`, validated.layers) +
    row(`validate ${TESTED}, the suffix`, validated.suffix) +
    row('fit the head on its features', head) +
    `\n  From the second epoch on, validation is ${ratio(validated.layers, validated.suffix)}, and training ${ratio(fit, head)}.\n` +
    `  Over ${EPOCHS} epochs that saved ${saved(validated.layers, validated.suffix)} of validation and ${saved(fit, head)} of training.\n` +
    `  The whole model, with the head trained on features: accuracy ${report.accuracy.toFixed(4)}\n`,
);
