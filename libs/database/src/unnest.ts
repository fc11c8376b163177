/** Array types that {@link unnest} can send; a `jsonb` value is JSON text. */
export type ColumnType = 'text' | 'uuid' | 'int4' | 'int8' | 'float8' | 'boolean' | 'timestamptz' | 'jsonb';

/** One column of the rows to send: its Postgres type and where its value is in a row. `undefined` is sent as NULL. */
export interface UnnestColumn<Row> {
  readonly type: ColumnType;
  readonly value: (row: Row) => string | number | boolean | Date | null | undefined;
}

/** A FROM item and its parameters, one array per column. */
export interface Unnested {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Sends any number of rows as one statement of constant text, which Postgres can plan once:
 * `INSERT INTO t ("a") SELECT r."a" FROM ${rows.sql} ON CONFLICT …`. The key of a column is its name, `sql` ends in
 * `AS r("a", …)`, and `firstParameter` is the number of the first `$n` (1 unless told).
 */
export function unnest<Row>(
  rows: readonly Row[],
  columns: Readonly<Record<string, UnnestColumn<Row>>>,
  firstParameter = 1,
): Unnested {
  const entries = Object.entries(columns);
  const names = entries.map(([name]) => quoted(name));
  const casts = entries.map(([, { type }], index) => `$${String(firstParameter + index)}::${type}[]`);
  return {
    sql: `unnest(${casts.join(', ')}) AS r(${names.join(', ')})`,
    parameters: entries.map(([, { value }]) => rows.map((row) => value(row) ?? null)),
  };
}

function quoted(name: string): string {
  if (!IDENTIFIER.test(name)) {
    throw new TypeError(`"${name}" is no column name`);
  }
  return `"${name}"`;
}
