import { get as getPlain } from 'node:http';
import { get as getSecure } from 'node:https';

/** TLS 1.3 and 1.2, in OpenSSL's words. */
const WANTS_CERTIFICATE = /certificate required|alert number 116|handshake failure|alert number 40/i;
const TIMEOUT_MS = 2_000;

/**
 * Whether an app of ours answers 2xx. Its certificate is not checked: it may be for another name or by an authority that we
 * do not know, and nothing is told to whoever answers. One that asks for a client's certificate is there, too.
 */
export function answersOk(url: string): Promise<boolean> {
  const options = { timeout: TIMEOUT_MS, signal: AbortSignal.timeout(TIMEOUT_MS), agent: false } as const;
  const request = url.startsWith('https:')
    ? getSecure(url, { ...options, rejectUnauthorized: false })
    : getPlain(url, options);
  // One that comes later than the first is nobody's.
  request.on('error', () => undefined);
  return new Promise((resolve) => {
    request.once('response', (response) => {
      const { statusCode = 0 } = response.resume();
      resolve(statusCode >= 200 && statusCode < 300);
    });
    request.once('error', (error) => resolve(WANTS_CERTIFICATE.test(String(error))));
  });
}
