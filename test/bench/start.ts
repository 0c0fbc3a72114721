import * as tf from '@tensorflow/tfjs-core';
import { BACKEND } from './compiled.ts';
import { inputsFor } from './inputs.ts';
import { CannotRun, type Peer, type Setting } from './peers/peer.ts';
import type { Start } from './results.ts';

/** What the start of a peer takes, in a process in which nothing else has run; null where it cannot run the model. */
export async function timeStart(peer: Peer, setting: Setting): Promise<Start | null> {
  try {
    const prepared = await peer.prepare(setting);
    const inputs = inputsFor(setting.model, 1);
    const start = performance.now();
    const running = await prepared.load();
    const loaded = performance.now();
    const call = await running.bind(inputs);
    const bound = performance.now();
    await call.run();
    const called = performance.now();
    call.dispose();
    running.dispose();
    tf.dispose(inputs);
    const { model, question, backend } = setting;
    const what = { model: model.name, question: question.name, backend: BACKEND[backend], peer: peer.name };
    return { ...what, loadMs: loaded - start, firstCallMs: called - bound };
  } catch (error) {
    if (error instanceof CannotRun) return null;
    throw error;
  }
}
