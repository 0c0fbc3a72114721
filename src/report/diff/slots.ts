/** What Keras appends to the name of a layer that it names itself. */
const NUMBER = /_\d+(?=\/)/g;

interface Named {
  readonly name: string;
  readonly layer: string;
  readonly variable: string;
}

/**
 * What variables are to their layers, by their names in the program. Layers inside these go without the numbers that Keras gave them:
 * `forward_lstm_3/kernel` is `forward_lstm/kernel` in its next session. Where two of a layer would be one, all of it keep their names.
 */
export function slotsOf(weights: readonly Named[]): ReadonlyMap<string, string> {
  const byLayer = new Map<string, Named[]>();
  for (const weight of weights) {
    const known = byLayer.get(weight.layer);
    if (known === undefined) byLayer.set(weight.layer, [weight]);
    else known.push(weight);
  }
  const slots = [...byLayer.values()].flatMap((own) => {
    const short = own.map(({ variable }) => variable.replace(NUMBER, ''));
    const isClear = new Set(short).size === own.length;
    return own.map(({ name, variable }, i): [string, string] => [name, isClear ? (short[i] ?? '') : variable]);
  });
  return new Map(slots);
}
