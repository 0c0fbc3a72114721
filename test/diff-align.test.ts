import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Changes, changesOf } from '../src/report/diff/changes.ts';
import { editScript } from '../src/report/diff/edit-script.ts';
import type { DiffGraph, DiffNode } from '../src/report/diff/graph.ts';
import { shortestEdit } from '../src/report/diff/myers.ts';
import { inWiringOrder } from '../src/report/diff/order.ts';

/** A node of a test: a letter for what it computes, and the names of what it reads. */
interface Plain {
  readonly name: string;
  readonly kind: string;
  readonly units: number;
  readonly from: readonly string[];
}

function graphOf(nodes: readonly Plain[], outputs = nodes.slice(-1).map(({ name }) => name)): DiffGraph {
  const places = new Map(nodes.map(({ name }, i) => [name, i]));
  const tap = (name: string) => ({ node: places.get(name) as number, call: 0, result: 0 });
  return inWiringOrder({
    nodes: nodes.map(
      ({ name, kind, units, from }): DiffNode => ({
        name,
        kind,
        signature: String(units),
        settings: new Map([['units', String(units)]]),
        training: new Map(),
        trainable: null,
        weights: [],
        commutes: kind === 'Add',
        calls: [{ uses: from.map((other) => ({ role: '', tap: tap(other) })), types: [{ dtype: 'f32', shape: ['?', 4] }] }],
      }),
    ),
    outputs: outputs.map((key) => ({ key, tap: tap(key) })),
  });
}

/** Node names of a chain, numbered by kind as Keras does. */
function chain(kinds: readonly string[]): Plain[] {
  const counts = new Map<string, number>();
  const nodes: Plain[] = [];
  for (const kind of kinds) {
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    nodes.push({ name: `${kind}_${count}`, kind, units: 1, from: nodes.slice(-1).map(({ name }) => name) });
  }
  return nodes;
}

const size = ({ added, removed, changed, rewired }: Changes): number =>
  [...added, ...removed].reduce((sum, { nodes }) => sum + nodes.length, 0) + changed.length + rewired.length;

const changes = (a: readonly Plain[], b: readonly Plain[]): Changes => changesOf(graphOf(a), graphOf(b), true);
const namesOf = (graph: DiffGraph, nodes: readonly number[]): string[] => nodes.map((node) => graph.nodes[node]?.name ?? '');

describe('editScript', () => {
  const pairs = (a: string, b: string) =>
    editScript(a.length, b.length, (i, j) => (a[i] === b[j] ? 0 : Number.POSITIVE_INFINITY)).map(([i, j]) => `${a[i]}${i}${j}`);

  test.each([
    ['', '', []],
    ['', 'ab', []],
    ['abc', '', []],
    ['abc', 'abc', ['a00', 'b11', 'c22']],
    ['abc', 'axbc', ['a00', 'b12', 'c23']],
    ['abcd', 'acd', ['a00', 'c21', 'd32']],
  ])('%s and %s', (a, b, expected) => {
    expect(pairs(a, b)).toEqual(expected);
  });

  test('prefers one gap to two', () => {
    // The x y that was put in could be x at one place and y at another.
    expect(pairs('abab', 'ababab')).toHaveLength(4);
    const gaps = editScript(4, 6, (i, j) => ('abab'[i] === 'ababab'[j] ? 0 : Number.POSITIVE_INFINITY)).map(([i, j]) => j - i);
    expect(new Set(gaps).size).toBeLessThanOrEqual(2);
  });

  test('gives within a band what it gives without, where that is wide enough', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 }),
        fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 }),
        (a, b) => {
          const cost = (i: number, j: number) => (a[i] === b[j] ? 0 : Number.POSITIVE_INFINITY);
          const band = editScript(a.length, b.length, cost, () => [0, b.length]);
          expect(band).toEqual(editScript(a.length, b.length, cost));
          expect(band.every(([i, j]) => a[i] === b[j])).toBe(true);
        },
      ),
    );
  });

  test('leaves all out where nothing fits, also in a narrow band', () => {
    const never = () => Number.POSITIVE_INFINITY;
    expect(editScript(50, 50, never, (row) => [Math.max(0, row - 2), Math.min(50, row + 2)])).toEqual([]);
  });
});

describe('shortestEdit', () => {
  const list = fc.array(fc.nat(3), { maxLength: 30 });

  test('matches what is alike, in order, and as much as can be', () => {
    fc.assert(
      fc.property(list, list, (a, b) => {
        const pairs = shortestEdit(Int32Array.from(a), Int32Array.from(b), 100) as readonly (readonly [number, number])[];
        expect(pairs.every(([i, j]) => a[i] === b[j])).toBe(true);
        expect(pairs.every(([i, j], k) => k === 0 || (i > (pairs[k - 1]?.[0] ?? 0) && j > (pairs[k - 1]?.[1] ?? 0)))).toBe(true);
        expect(pairs).toHaveLength(longestCommon(a, b));
      }),
    );
  });

  test('gives up beyond the limit', () => {
    expect(shortestEdit(Int32Array.of(1, 2, 3), Int32Array.of(4, 5, 6), 5)).toBeNull();
    expect(shortestEdit(Int32Array.of(1, 2, 3), Int32Array.of(4, 5, 6), 6)).toEqual([]);
  });
});

function longestCommon(a: readonly number[], b: readonly number[]): number {
  let row = Array.from({ length: b.length + 1 }, () => 0);
  for (const one of a) {
    const next = [0];
    b.forEach((other, j) => void next.push(one === other ? (row[j] ?? 0) + 1 : Math.max(row[j + 1] ?? 0, next[j] ?? 0)));
    row = next;
  }
  return row.at(-1) ?? 0;
}

const kinds = fc.array(fc.constantFrom('Conv', 'Norm', 'Relu', 'Pool'), { minLength: 1, maxLength: 40 });

describe('a chain', () => {
  test('is itself', () => {
    fc.assert(
      fc.property(kinds, (list) => {
        const found = changes(chain(list), chain(list));
        expect([size(found), found.renamed.length, found.following.length]).toEqual([0, 0, 0]);
      }),
    );
  });

  test('into which something is put reads as one insertion, however its layers are numbered then', () => {
    fc.assert(
      fc.property(
        kinds,
        fc.nat(),
        fc.array(fc.constantFrom('Conv', 'Norm', 'Relu', 'New'), { minLength: 1, maxLength: 6 }),
        (list, at, block) => {
          const place = at % (list.length + 1);
          const found = changes(chain(list), chain([...list.slice(0, place), ...block, ...list.slice(place)]));
          expect(found.added).toHaveLength(1);
          expect(found.added[0]?.nodes).toHaveLength(block.length);
          expect([found.removed.length, found.changed.length, found.rewired.length]).toEqual([0, 0, 0]);
        },
      ),
    );
  });

  test('that is renamed throughout is the same under other names', () => {
    fc.assert(
      fc.property(kinds, (list) => {
        const other = chain(list).map((node) => ({ ...node, name: `x/${node.name}`, from: node.from.map((name) => `x/${name}`) }));
        const found = changes(chain(list), other);
        expect([size(found), found.renamed.length]).toEqual([0, list.length]);
      }),
    );
  });

  test('of 300 layers with a block in its middle', () => {
    const list = Array.from({ length: 300 }, (_, i) => ['Conv', 'Norm', 'Relu'][i % 3] as string);
    const found = changes(chain(list), chain([...list.slice(0, 150), 'Conv', 'Norm', 'Relu', 'Pool', ...list.slice(150)]));
    expect(found.added.map(({ nodes }) => nodes.length)).toEqual([4]);
    expect(size(found)).toBe(4);
    // Which of the blocks that are alike was put in, nobody can tell.
    expect(found.renamed.length).toBeLessThanOrEqual(150);
  });

  test('of 60 000 layers that differs in a few places takes no more than linear time', () => {
    const list = Array.from({ length: 60_000 }, (_, i) => ['Conv', 'Norm', 'Relu'][i % 3] as string);
    const other = [
      ...list.slice(0, 100),
      'New',
      ...list.slice(100, 30_000),
      ...list.slice(30_010, 50_000),
      'New',
      'Conv',
      ...list.slice(50_000),
    ];
    const found = changes(chain(list), chain(other));
    expect(size(found)).toBeLessThanOrEqual(13);
  });

  test('of 20 000 layers that differs everywhere still ends', () => {
    const list = Array.from({ length: 20_000 }, (_, i) => ['Conv', 'Norm', 'Relu'][i % 3] as string);
    const found = changes(chain(list), chain(list.map((kind, i) => (i % 2 === 0 ? 'New' : kind))));
    expect(found.added.length).toBeGreaterThan(0);
    expect(found.changed).toEqual([]);
  });
});

/** A graph of layers that read one or two of those before them. */
const graphs = fc
  .array(fc.tuple(fc.constantFrom('Conv', 'Norm', 'Relu', 'Add'), fc.nat(99), fc.nat(99), fc.nat(2)), { minLength: 2, maxLength: 25 })
  .map((steps) => {
    const nodes: Plain[] = [{ name: 'in', kind: 'InputLayer', units: 0, from: [] }];
    steps.forEach(([kind, first, second, units], i) => {
      const near = nodes.slice(-4);
      const from = [near[first % near.length], ...(kind === 'Add' ? [near[second % near.length]] : [])].map((node) => (node as Plain).name);
      nodes.push({ name: `${kind}_${i}`, kind, units, from });
    });
    // All that nothing reads is an output's, so that nothing is dead.
    const read = new Set(nodes.flatMap(({ from }) => from));
    return [...nodes, { name: 'out', kind: 'Concat', units: 0, from: nodes.filter(({ name }) => !read.has(name)).map(({ name }) => name) }];
  });

type Edit = readonly [what: 'insert' | 'remove' | 'change', at: number, kind: string];
const edits = fc.array(
  fc.tuple(fc.constantFrom('insert', 'remove', 'change'), fc.nat(999), fc.constantFrom('Conv', 'Norm', 'New')) as fc.Arbitrary<Edit>,
  {
    minLength: 1,
    maxLength: 3,
  },
);

/** Applies edits, and says how many of them there were. */
function edited(nodes: readonly Plain[], list: readonly Edit[]): { readonly nodes: readonly Plain[]; readonly count: number } {
  let current = nodes;
  let count = 0;
  for (const [i, [what, at, kind]] of list.entries()) {
    const inner = current.slice(1, -1);
    const target = inner[at % inner.length];
    if (target === undefined) continue;
    const place = current.indexOf(target);
    if (what === 'change') current = current.with(place, { ...target, units: target.units + 10 });
    else if (what === 'insert') {
      const name = `new_${i}`;
      const after = current
        .slice(place + 1)
        .map((node) => ({ ...node, from: node.from.map((from) => (from === target.name ? name : from)) }));
      current = [...current.slice(0, place + 1), { name, kind, units: 5, from: [target.name] }, ...after];
    } else {
      const [to = 'in'] = target.from;
      if (target.from.length > 1) continue;
      current = current
        .filter((node) => node !== target)
        .map((node) => ({ ...node, from: node.from.map((from) => (from === target.name ? to : from)) }));
    }
    count++;
  }
  return { nodes: current, count };
}

describe('a graph', () => {
  test('is itself, whatever the order of its file', () => {
    fc.assert(
      fc.property(graphs, fc.array(fc.nat(99), { maxLength: 40 }), (nodes, picks) => {
        const found = changes(nodes, shuffled(nodes, picks));
        expect([size(found), found.renamed.length]).toEqual([0, 0]);
      }),
    );
  });

  test('whose layers differ, and that was edited once, differs by that', () => {
    fc.assert(
      fc.property(graphs, edits, (nodes, [edit]) => {
        const unlike = nodes.map((node, i) => ({ ...node, units: 100 * i }));
        const { nodes: other, count } = edited(unlike, edit === undefined ? [] : [edit]);
        expect(size(changes(unlike, other))).toBe(count);
      }),
      { numRuns: 500 },
    );
  });

  test('whose layers differ, and that was edited, differs by little more than its edits', () => {
    fc.assert(
      fc.property(graphs, edits, (nodes, list) => {
        const unlike = nodes.map((node, i) => ({ ...node, units: 100 * i }));
        const { nodes: other, count } = edited(unlike, list);
        // What was taken out at one place and put in at another may read as changes, which take less to say.
        expect(size(changes(unlike, other))).toBeLessThanOrEqual(2 * count);
      }),
      { numRuns: 500 },
    );
  });

  test('whose layers are alike, and that was edited, differs by not much more, as places cannot be told apart', () => {
    fc.assert(
      fc.property(graphs, edits, (nodes, list) => {
        const { nodes: other, count } = edited(nodes, list);
        expect(size(changes(nodes, other))).toBeLessThanOrEqual(4 * count);
      }),
      { numRuns: 500 },
    );
  });

  test('becomes the other by its edit script', () => {
    fc.assert(
      fc.property(graphs, graphs, (nodes, others) => {
        const [a, b] = [graphOf(nodes), graphOf(others)];
        const found = changesOf(a, b, true);
        const { ofA, ofB } = found.pairs;
        ofA.forEach((j, i) => void (j >= 0 && expect(ofB[j]).toBe(i)));
        ofB.forEach((i, j) => void (i >= 0 && expect(ofA[i]).toBe(j)));
        const removed = found.removed.flatMap((region) => region.nodes);
        const added = found.added.flatMap((region) => region.nodes);
        expect(a.nodes.length - removed.length + added.length).toBe(b.nodes.length);
        const changed = new Set(found.changed.map(({ b }) => b));
        ofB.forEach((i, j) => {
          if (i < 0) return;
          expect(a.nodes[i]?.kind).toBe(b.nodes[j]?.kind);
          if (a.nodes[i]?.signature !== b.nodes[j]?.signature) expect(changed.has(j)).toBe(true);
        });
      }),
    );
  });

  test('differs from another as that does from it', () => {
    fc.assert(
      fc.property(graphs, fc.oneof(graphs, edits), (nodes, how) => {
        const other = isEdits(how) ? edited(nodes, how).nodes : how;
        const [there, back] = [changes(nodes, other), changes(other, nodes)];
        expect([...there.pairs.ofA]).toEqual([...back.pairs.ofB]);
        expect(there.added).toEqual(back.removed);
        expect(there.removed).toEqual(back.added);
        expect(new Set(there.renamed.map(([i, j]) => `${j} ${i}`))).toEqual(
          new Set(back.renamed.map(String).map((pair) => pair.replace(',', ' '))),
        );
        expect(size(there)).toBe(size(back));
      }),
    );
  });
});

const isEdits = (list: readonly Plain[] | readonly Edit[]): list is readonly Edit[] => Array.isArray(list[0]);

/** The same nodes in another order in which each stands behind what it reads. */
function shuffled(nodes: readonly Plain[], picks: readonly number[]): Plain[] {
  const left = [...nodes];
  const done = new Set<string>();
  const result: Plain[] = [];
  for (let i = 0; left.length > 0; i++) {
    const ready = left.filter(({ from }) => from.every((name) => done.has(name)));
    const next = ready[(picks[i] ?? 0) % ready.length] as Plain;
    left.splice(left.indexOf(next), 1);
    done.add(next.name);
    result.push(next);
  }
  return result;
}

describe('two branches', () => {
  const branches = (order: readonly string[], merge = 'Concat'): Plain[] => [
    { name: 'stem', kind: 'Conv', units: 1, from: [] },
    { name: 'left_1', kind: 'Conv', units: 2, from: ['stem'] },
    { name: 'left_2', kind: 'Relu', units: 2, from: ['left_1'] },
    { name: 'right_1', kind: 'Conv', units: 2, from: ['stem'] },
    { name: 'right_2', kind: 'Relu', units: 2, from: ['right_1'] },
    { name: 'merged', kind: merge, units: 0, from: order },
  ];

  test('that change places are one rewired layer, and not renamed', () => {
    const [a, b] = [branches(['left_2', 'right_2']), branches(['right_2', 'left_2'])];
    const found = changes(a, b);
    expect(found.renamed).toEqual([]);
    expect(found.rewired.map(({ role }) => role)).toEqual(['', '']);
    expect(
      namesOf(
        graphOf(b),
        found.rewired.map(({ b }) => b),
      ),
    ).toEqual(['merged', 'merged']);
  });

  test('of a sum may change places', () => {
    expect(size(changes(branches(['left_2', 'right_2'], 'Add'), branches(['right_2', 'left_2'], 'Add')))).toBe(0);
  });

  test('of which one is gone, with the place', () => {
    const a = graphOf(branches(['left_2', 'right_2']));
    const found = changesOf(
      a,
      graphOf(
        branches(['left_2', 'right_2'])
          .filter(({ name }) => !name.startsWith('right'))
          .map((node) => ({ ...node, from: node.from.filter((name) => !name.startsWith('right')) })),
      ),
      true,
    );
    expect(found.removed.map(({ nodes, after, before }) => [nodes, after, before].map((list) => namesOf(a, list)))).toEqual([
      [['right_1', 'right_2'], ['stem'], ['merged']],
    ]);
    expect([found.rewired, found.added, found.renamed]).toEqual([[], [], []]);
  });
});

test('a layer in place of another is said to replace it', () => {
  const found = changes(chain(['Conv', 'Relu', 'Pool']), chain(['Conv', 'Leaky', 'Pool']));
  expect(found.replaced).toEqual([0]);
  expect([found.removed.length, found.added.length, found.rewired.length]).toEqual([1, 1, 0]);
});

test('a layer with another setting is the same layer, also under another name', () => {
  const nodes = chain(['Conv', 'Relu', 'Pool']);
  const other = nodes.map((node) =>
    node.kind === 'Relu' ? { ...node, units: 9, name: 'act' } : { ...node, from: node.from.map((name) => name.replace('Relu_1', 'act')) },
  );
  const found = changes(nodes, other);
  expect(found.changed.map(({ settings }) => settings)).toEqual([[{ key: 'units', before: '1', after: '9' }]]);
  expect(size(found)).toBe(1);
  expect(found.renamed).toHaveLength(1);
});
