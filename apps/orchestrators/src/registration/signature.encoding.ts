/** Bytes of one coordinate of P-256. */
const COORDINATE_BYTES = 32;
export const RAW_BYTES = 2 * COORDINATE_BYTES;

const HEX = /^(?:[0-9a-f]{2})+$/i;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const BASE64URL = /^[A-Za-z0-9_-]+={0,2}$/;
/** The longest DER form in hex, with room. */
const MAX_CHARACTERS = 200;

/**
 * Every 64-byte r‖s that a header's text may mean: hex, base64 or base64url of DER or of r‖s (decision C4). Text that is good
 * in several alphabets has several readings; the signature decides.
 */
export function readSignature(text: string): readonly Buffer[] {
  const trimmed = text.trim();
  if (trimmed.length > MAX_CHARACTERS) return [];
  const readings = [
    ...(HEX.test(trimmed) ? [Buffer.from(trimmed, 'hex')] : []),
    ...(BASE64.test(trimmed) ? [Buffer.from(trimmed, 'base64')] : []),
    ...(BASE64URL.test(trimmed) && !BASE64.test(trimmed) ? [Buffer.from(trimmed, 'base64url')] : []),
  ];
  return readings.map(toRaw).filter((raw) => raw !== undefined);
}

function toRaw(bytes: Buffer): Buffer | undefined {
  return bytes.length === RAW_BYTES ? bytes : fromDer(bytes);
}

/** SEQUENCE of two INTEGERs, nothing before, between or after. */
function fromDer(bytes: Buffer): Buffer | undefined {
  if (bytes[0] !== 0x30 || bytes[1] !== bytes.length - 2) return undefined;
  const r = integerAt(bytes, 2);
  const s = r && integerAt(bytes, r.end);
  return r && s?.end === bytes.length ? Buffer.concat([r.value, s.value]) : undefined;
}

function integerAt(bytes: Buffer, start: number): { readonly value: Buffer; readonly end: number } | undefined {
  const length = bytes[start + 1];
  if (bytes[start] !== 0x02 || length === undefined || length === 0) return undefined;
  const end = start + 2 + length;
  if (end > bytes.length) return undefined;
  const digits = bytes.subarray(start + 2, end);
  const magnitude = digits[0] === 0 ? digits.subarray(1) : digits;
  if (magnitude.length > COORDINATE_BYTES) return undefined;
  return { value: Buffer.concat([Buffer.alloc(COORDINATE_BYTES - magnitude.length), magnitude]), end };
}
