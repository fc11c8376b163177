import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AuthSettings } from './auth.settings.js';
import { RevocationRepository } from './sessions/revocation.repository.js';
import { SessionRepository } from './sessions/session.repository.js';
import { deleteExpiredLimits } from './shared.limiter.js';

const EVERY_MS = 3_600_000;

/** Drops what has expired, once an hour; replicas do it side by side without harm. */
@Injectable()
export class AuthHousekeeping implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(AuthHousekeeping.name);
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly sessions: SessionRepository,
    private readonly revocations: RevocationRepository,
    private readonly dataSource: DataSource,
    private readonly settings: AuthSettings,
  ) {}

  onModuleInit(): void {
    this.timer = setInterval(() => void this.sweep(), EVERY_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  private async sweep(): Promise<void> {
    try {
      await this.sessions.deleteExpired();
      await this.revocations.deleteOld(this.settings.longestProofS);
      await deleteExpiredLimits(this.dataSource);
    } catch (error) {
      this.logger.warn({ event: 'auth_housekeeping_failed', error });
    }
  }
}
