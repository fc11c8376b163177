/** Which bytes of a file to send; both ends are included. */
export type ByteRange =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'unsatisfiable' };

const WHOLE = { kind: 'whole' } as const;
const UNSATISFIABLE = { kind: 'unsatisfiable' } as const;
const ONE_RANGE = /^bytes[ \t]*=[ \t]*(\d*)-(\d*)[ \t]*$/i;

/**
 * What a Range header asks of a file (RFC 9110, 14.2): one range, clamped to the file. What is malformed or asks for several
 * ranges is ignored, as the RFC allows: the whole file then.
 */
export function parseRange(header: string | undefined, sizeBytes: number): ByteRange {
  const [, first = '', last = ''] = ONE_RANGE.exec(header ?? '') ?? [];
  if (first === '' && last === '') return WHOLE;
  return first === '' ? suffix(Number(last), sizeBytes) : stretch(Number(first), last, sizeBytes);
}

/** The last so many bytes. */
function suffix(bytes: number, sizeBytes: number): ByteRange {
  if (bytes === 0 || sizeBytes === 0) return UNSATISFIABLE;
  return { kind: 'part', start: Math.max(0, sizeBytes - bytes), end: sizeBytes - 1 };
}

function stretch(start: number, last: string, sizeBytes: number): ByteRange {
  const end = last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (start >= sizeBytes) return UNSATISFIABLE;
  return start > end ? WHOLE : { kind: 'part', start, end };
}

/** Whether one of the entity tags of an If-None-Match header is this one; a weak tag is as good. */
export function isKnownTag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.trim() === '*' || header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}

/** Whether an If-Range header lets a range stand: only the very same tag does, a date never. */
export function allowsRange(header: string | undefined, etag: string): boolean {
  return header === undefined || header.trim() === etag;
}
