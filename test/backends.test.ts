import { createRequire } from 'node:module';
import { getBackend, matMul, Tensor, tensor2d } from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { availableBackends, loadTfjsNode, useBackend } from './backends.ts';

const require = createRequire(import.meta.url);

describe.each(await availableBackends())('backend %s', (name) => {
  test('multiplies two matrices', async () => {
    await useBackend(name);
    expect(getBackend()).toBe(name);
    const a = tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
    const b = tensor2d([7, 8, 9, 10, 11, 12], [3, 2]);
    const product = matMul(a, b);
    expect(product.shape).toEqual([2, 2]);
    expect([...(await product.data())]).toEqual([58, 64, 139, 154]);
  });

  test('shares the one tfjs-core that tests import', async () => {
    await useBackend(name);
    expect((require('@tensorflow/tfjs-core') as { Tensor: unknown }).Tensor).toBe(Tensor);
    if (name !== 'tensorflow') return;
    const node = loadTfjsNode();
    expect(node).toHaveProperty('module.Tensor', Tensor);
  });
});

describe('SKIPC_BACKENDS', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.resetModules();
  });

  const chosen = async (value: string) => {
    vi.resetModules();
    vi.stubEnv('SKIPC_BACKENDS', value);
    const fresh = await import('./backends.ts');
    return fresh.availableBackends();
  };

  test('is wasm where nothing is chosen', async () => {
    expect(await chosen('')).toEqual(['wasm']);
  });

  test('keeps the order and drops repeats', async () => {
    expect(await chosen('wasm, cpu,wasm')).toEqual(['wasm', 'cpu']);
  });

  test('refuses a name that is no backend', async () => {
    await expect(chosen('wasm,webgl')).rejects.toThrow("'webgl' is none of cpu, wasm, node");
  });
});
