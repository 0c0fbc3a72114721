import type { BackendName } from '../backends.ts';
import { useBackend } from '../backends.ts';
import { benchModel } from './catalogue.ts';
import { factsOf } from './facts.ts';
import { measure, setUp } from './measure.ts';
import { peers } from './peers/index.ts';
import type { Setting } from './peers/peer.ts';
import type { Facts, Measurement, Start } from './results.ts';
import { timeStart } from './start.ts';

/** What a process is started for: all questions of a model on one backend, or the start of one peer. */
export interface Task {
  readonly model: string;
  readonly backend: BackendName;
  readonly batches: readonly number[];
  /** Names of the peers; skipc is always among them. */
  readonly peers: readonly string[];
  readonly seconds: number;
  readonly fewest: number;
  readonly others: string | null;
  /** Time the start of this peer, at this question, and nothing else. */
  readonly start: { readonly peer: string; readonly question: string } | null;
}

/** What a process tells the one that started it. */
export type Message = { readonly facts: Facts } | { readonly measurement: Measurement } | { readonly start: Start | null };

/** A call that takes longer is not called often. */
const LONG_MS = 3_000;
const MOST_ROUNDS = 200;

const send = (message: Message): void => void process.send?.(message);

async function main(task: Task): Promise<void> {
  await useBackend(task.backend);
  const model = benchModel(task.model);
  const others = task.others === null ? undefined : new URL(task.others);
  for (const question of model.questions) {
    const setting: Setting = { model, question, backend: task.backend, others };
    if (task.start !== null) {
      const peer = peers.find(({ name }) => name === task.start?.peer);
      if (peer === undefined) throw new Error(`no peer ${task.start.peer}`);
      if (question.name === task.start.question) send({ start: await timeStart(peer, setting) });
      continue;
    }
    send({ facts: await factsOf(setting) });
    const contest = await setUp(
      peers.filter(({ name }) => task.peers.includes(name)),
      setting,
    );
    for (const batch of question.batches.filter((size) => task.batches.includes(size))) {
      const budget = (slowest: number) => ({
        seconds: task.seconds,
        fewest: slowest > LONG_MS ? Math.min(task.fewest, 3) : task.fewest,
        most: MOST_ROUNDS,
      });
      send({ measurement: await measure(contest, setting, batch, budget) });
    }
    for (const running of contest.running.values()) running.dispose();
  }
}

await main(JSON.parse(process.argv[2] ?? '') as Task);
process.disconnect?.();
