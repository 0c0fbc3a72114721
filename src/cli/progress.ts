import cliProgress from 'cli-progress';
import { onStderr } from './colors.ts';

/** How far something is. */
export interface Progress {
  advance(samples: number): void;
  /** Leaves the terminal as it was. */
  stop(): void;
}

export const silent: Progress = { advance: () => undefined, stop: () => undefined };

const LINE_MS = 5_000;

/** Shows progress on standard error: a bar with rate and time left on a terminal, else a line now and then. */
export function progressOf(total: number): Progress {
  return process.stderr.isTTY === true ? bar(total) : lines(total);
}

function bar(total: number): Progress {
  const began = performance.now();
  const shown = new cliProgress.SingleBar({
    format: `  ${onStderr.cyan('{bar}')} {percentage} %  {value} of {total}  {pace}`,
    barCompleteChar: '\u2588',
    barIncompleteChar: '\u2591',
    barsize: 24,
    fps: 5,
    hideCursor: true,
    clearOnComplete: true,
    stream: process.stderr,
    gracefulExit: false,
  });
  let done = 0;
  shown.start(total, 0, { pace: '' });
  return {
    advance(samples) {
      done += samples;
      shown.update(done, { pace: pace(done, total, performance.now() - began) });
    },
    stop: () => shown.stop(),
  };
}

function lines(total: number): Progress {
  const began = performance.now();
  let said = began;
  let done = 0;
  return {
    advance(samples) {
      done += samples;
      const now = performance.now();
      if (now - said < LINE_MS || done >= total) return;
      said = now;
      process.stderr.write(`  ${done} of ${total} samples  ${pace(done, total, now - began)}\n`);
    },
    stop: () => undefined,
  };
}

const DIGITS = 3;

/** Samples a second, and the time that is left at this rate. */
export function pace(done: number, total: number, milliseconds: number): string {
  const rate = done / (milliseconds / 1000);
  return Number.isFinite(rate) && rate > 0 ? `${Number(rate.toPrecision(DIGITS))}/s  ${duration((total - done) / rate)} left` : '';
}

const MINUTE = 60;
const HOUR = 3600;

/** A time in seconds as a person says it. */
export function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)} min ${whole % MINUTE} s`;
  return `${Math.floor(whole / HOUR)} h ${Math.floor((whole % HOUR) / MINUTE)} min`;
}
