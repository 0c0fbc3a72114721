import type { SkipcError } from '../diagnostics/error.ts';
import { onStderr } from './colors.ts';

/** A diagnostic for a person: what, where, what to do. Control characters out of a model never reach the terminal. */
export function errorText(error: SkipcError): string {
  const { file, pointer, layer } = error.location;
  const where = [
    layer === undefined ? '' : `layer ${JSON.stringify(layer)}`,
    file === undefined && pointer === undefined ? '' : `${file ?? ''}${pointer === undefined ? '' : `#${pointer}`}`,
  ].filter((part) => part !== '');
  const lines = [`${error.message} [${error.code}]`, ...(where.length > 0 ? [`at ${where.join(', ')}`] : []), error.hint];
  return `${onStderr.red('error')}: ${lines.map(shortened).join('\n  ')}\n`;
}

const LONGEST = 500;

function shortened(text: string): string {
  const shown = text.replace(/\p{Cc}/gu, ' ');
  return shown.length > LONGEST ? `${shown.slice(0, LONGEST)}...` : shown;
}
