import { fail } from '../diagnostics/error.ts';

/**
 * The body behind a URL.
 * @throws SkipcError `url-failed` naming the URL, `file-too-large` past `most` bytes
 */
export async function fetchBytes(url: URL, most: number): Promise<Uint8Array> {
  const response = await request(url, 'GET');
  if (!response.ok) fail('url-failed', { url: url.href, reason: `${response.status} ${response.statusText}`.trim() }, { file: url.href });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response.body ?? []) {
      const part = chunk as Uint8Array;
      bytes += part.length;
      // Leaving the loop cancels the request.
      if (bytes > most) break;
      chunks.push(part);
    }
  } catch (error) {
    fail('url-failed', { url: url.href, reason: reasonOf(error) }, { file: url.href });
  }
  if (bytes > most) fail('file-too-large', { bytes, most }, { file: url.href });
  return Buffer.concat(chunks);
}

/** @throws SkipcError `url-failed` where there is no answer at all */
export async function request(url: URL, method: 'GET' | 'HEAD'): Promise<Response> {
  try {
    return await fetch(url, { method });
  } catch (error) {
    return fail('url-failed', { url: url.href, reason: reasonOf(error) }, { file: url.href });
  }
}

/** What Node's fetch says of a failure is in its cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error && cause.message !== '' ? cause.message : message;
}
