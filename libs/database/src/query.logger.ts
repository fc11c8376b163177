import { Logger } from '@nestjs/common';
import type { Logger as TypeOrmLogger } from 'typeorm';

const MAX_STATEMENT_CHARACTERS = 500;

/** TypeORM's events through Nest's logger. Parameters are never written: they hold people's and robots' data. */
export class QueryLogger implements TypeOrmLogger {
  private readonly logger = new Logger('Database');

  /** Every statement: silent, `OTEL` spans and pg's own log are the place for that. */
  logQuery(): void {}

  /** The caller gets the error and decides; logging it here too would write it twice. */
  logQueryError(): void {}

  logQuerySlow(durationMs: number, statement: string): void {
    this.logger.warn({
      event: 'slow_query',
      message: 'a statement took longer than DATABASE_SLOW_QUERY_MS',
      durationMs: Math.round(durationMs),
      statement: statement.slice(0, MAX_STATEMENT_CHARACTERS),
    });
  }

  logSchemaBuild(message: string): void {
    this.logger.debug(message);
  }

  logMigration(message: string): void {
    this.logger.log(message);
  }

  log(level: 'log' | 'info' | 'warn', message: unknown): void {
    if (level === 'warn') {
      this.logger.warn(String(message));
    } else {
      this.logger.debug(String(message));
    }
  }
}
