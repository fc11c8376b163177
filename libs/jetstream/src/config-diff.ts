/** One field in which the broker's configuration is not the wanted one. */
export interface Difference {
  /** `stream NAME` or `consumer STREAM/NAME`. */
  readonly resource: string;
  readonly field: string;
  readonly actual: string;
  readonly wanted: string;
  /** Whether the broker can change it without touching stored messages. */
  readonly changeable: boolean;
}

export interface Comparison {
  readonly resource: string;
  readonly wanted: Readonly<Record<string, unknown>>;
  readonly actual: Readonly<Record<string, unknown>>;
  readonly changeable: readonly string[];
}

/** Fields whose order means nothing. */
const SETS: ReadonlySet<string> = new Set(['subjects']);

/**
 * Compares only the fields that are wanted: brokers of different versions add fields of their own. A field that the
 * broker leaves out counts as its zero value.
 */
export function differencesOf({ resource, wanted, actual, changeable }: Comparison): Difference[] {
  return Object.keys(wanted)
    .filter((field) => canonical(field, wanted[field]) !== canonical(field, actual[field]))
    .map((field) => ({
      resource,
      field,
      actual: canonical(field, actual[field]),
      wanted: canonical(field, wanted[field]),
      changeable: changeable.includes(field),
    }));
}

function canonical(field: string, value: unknown): string {
  if (value === undefined || value === false || value === 0 || value === '') return 'none';
  if (Array.isArray(value) && SETS.has(field)) return JSON.stringify(value.map(String).sort());
  if (typeof value === 'object' && value !== null) return JSON.stringify(Object.entries(value).sort(byKey));
  return JSON.stringify(value);
}

const byKey = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1);
