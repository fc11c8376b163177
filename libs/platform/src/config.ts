import { VariableProblem } from './config-variables.js';
import type { Variable } from './config-variables.js';

/** Variables by the name they have in code. */
export type VariableTable = Readonly<Record<string, Variable<unknown>>>;

/** What a table of variables reads as. */
export type SettingsOf<V extends VariableTable> = {
  readonly [K in keyof V]: V[K] extends Variable<infer T> ? T : never;
};

/** Variable name → text. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Every problem of the configuration at once, one per line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly string[]) {
    super(`The configuration has ${problems.length === 1 ? 'a problem' : `${String(problems.length)} problems`}:
${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}

/** What {@link settings} makes. */
export interface SettingsClass<V extends VariableTable> {
  new (environment?: Environment): SettingsOf<V>;
  /** The table it was made from, for the documents. */
  readonly variables: V;
}

const tables = new Set<VariableTable>();

/**
 * A class whose instances hold typed settings, to be extended, provided in a module and injected by type:
 * `class RobotsSettings extends settings({ staleAfterS: integer('ROBOT_STALE_S', {…}) }) {}`. Its variables belong to the
 * configuration that {@link checkConfig} checks as a whole. Instances read the process's environment unless given one.
 */
export function settings<V extends VariableTable>(table: V): SettingsClass<V>;
export function settings(table: VariableTable): unknown {
  tables.add(table);
  return class {
    static readonly variables = table;

    constructor(environment: Environment = process.env) {
      const { values, problems } = readAll([table], environment);
      if (problems.length > 0) {
        throw new ConfigError(problems);
      }
      Object.assign(this, values);
    }
  };
}

/** Reads every table that was declared by {@link settings}; throws one {@link ConfigError} with all problems. */
export function checkConfig(environment: Environment = process.env): void {
  const { problems } = readAll([...tables], environment);
  if (problems.length > 0) {
    throw new ConfigError(problems);
  }
}

interface Reading {
  readonly values: Record<string, unknown>;
  readonly problems: readonly string[];
}

function readAll(wanted: readonly VariableTable[], environment: Environment): Reading {
  const values: Record<string, unknown> = {};
  const problems = new Set<string>();
  for (const [key, variable] of wanted.flatMap((table) => Object.entries(table))) {
    try {
      values[key] = variable.read(environment[variable.name]?.trim() || undefined);
    } catch (error) {
      if (!(error instanceof VariableProblem)) {
        throw error;
      }
      problems.add(`${variable.name} ${error.message}`);
    }
  }
  return { values, problems: [...problems] };
}
