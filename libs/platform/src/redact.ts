const HIDDEN = '[redacted]';
const MAX_DEPTH = 6;
const MAX_ITEMS = 100;
const MAX_TEXT_CHARACTERS = 8_192;

/** A key with one of these in it holds a secret, however it is spelt: apiSecret, refresh_token, passwordHash. */
const SECRET_KEY = /passw|pwd|secret|token|authorization|cookie|creds|credential|seed|jwt|api_?key|private_?key/i;

const SECRET_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, `$1 ${HIDDEN}`],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, HIDDEN],
  [/\bS[AUONC][A-Z2-7]{50,}\b/g, HIDDEN],
  [/(\b[a-z][a-z\d+.-]*:\/\/[^\s:/@]*):[^\s@]+@/gi, `$1:${HIDDEN}@`],
];

/** Text without bearer tokens, JWTs, NATS seeds and passwords in URLs, and of a bounded length. */
export function redactText(text: string): string {
  const shown = text.length > MAX_TEXT_CHARACTERS ? `${text.slice(0, MAX_TEXT_CHARACTERS)}…` : text;
  return SECRET_TEXTS.reduce((clean, [pattern, replacement]) => clean.replace(pattern, replacement), shown);
}

/** A copy that is safe to log: secrets hidden by key and by form, errors spelt out, depth and length bounded. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') {
    return redactText(value);
  }
  if (typeof value === 'object' && value !== null) {
    return redactObject(value, depth);
  }
  if (typeof value === 'bigint') {
    return value.toString();
  }
  return typeof value === 'function' || typeof value === 'symbol' ? `[${typeof value}]` : value;
}

function redactObject(value: object, depth: number): unknown {
  if (depth >= MAX_DEPTH) {
    return '[…]';
  }
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  }
  if (isError(value)) {
    return redactError(value, depth);
  }
  if (ArrayBuffer.isView(value)) {
    return `[${String(value.byteLength)} bytes]`;
  }
  if (Array.isArray(value)) {
    return value.slice(0, MAX_ITEMS).map((item) => redact(item, depth + 1));
  }
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, MAX_ITEMS)
      .map(([key, item]) => [key, SECRET_KEY.test(key) && canHideSecret(item) ? HIDDEN : redact(item, depth + 1)]),
  );
}

/** A number or a flag under such a key is a count or a state: `tokensExpired: 3`. */
function canHideSecret(item: unknown): boolean {
  return typeof item === 'string' || (typeof item === 'object' && item !== null);
}

/** By form, not by class: an error of another realm (a worker, a test's sandbox) is one too. */
function isError(value: object): value is Error {
  return value instanceof Error || ('message' in value && 'stack' in value && 'name' in value);
}

/** Only these parts: drivers hang sockets and whole clients on their errors. */
function redactError(error: Error, depth: number): unknown {
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const cause = error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) };
  return {
    name: error.name,
    message: redactText(error.message),
    ...code,
    stack: redactText(error.stack ?? ''),
    ...cause,
  };
}
