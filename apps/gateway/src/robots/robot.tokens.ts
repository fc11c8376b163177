import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AuthSettings } from '../auth/auth.settings.js';
import { SessionRevocations } from '../auth/sessions/session.revocations.js';
import { TokenIssuer } from '../auth/tokens/token.issuer.js';

const MS_PER_SECOND = 1_000;

export interface RobotGrant {
  readonly robotId: string;
  /** The mall that it works in; null = it can report no tasks. */
  readonly entityId: string | null;
  readonly by: string;
}

export interface RobotToken {
  readonly token: string;
  readonly expiresAt: Date;
}

/** Tokens with which robots report their tasks over HTTP. Those issued before stay good, as with the broker's. */
@Injectable()
export class RobotTokens {
  constructor(
    private readonly dataSource: DataSource,
    private readonly issuer: TokenIssuer,
    private readonly revocations: SessionRevocations,
    private readonly settings: AuthSettings,
  ) {}

  /** The grant is stored first: there is no token that cannot be revoked. */
  async issue({ robotId, entityId, by }: RobotGrant): Promise<RobotToken> {
    const sessionId = randomUUID();
    const lifeS = this.settings.robotTokenTtlS;
    await this.dataSource.query(
      `WITH gone AS (DELETE FROM "auth"."robotTokens" WHERE "expiresAt" < now())
       INSERT INTO "auth"."robotTokens" ("sessionId", "robotId", "entityId", "issuedBy", "expiresAt")
       VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))`,
      [sessionId, robotId, entityId, by, lifeS],
    );
    const scope = { role: 'robot', entityId, aliases: [] } as const;
    const grant = { id: robotId, scope, sessionId, lifeS };
    const { token, expiresAt } = await this.issuer.issueToMachine(grant);
    return { token, expiresAt: new Date(expiresAt * MS_PER_SECOND) };
  }

  /** Ends all that the robot has, here at once and on other replicas within seconds; answers how many. */
  revoke(robotId: string): Promise<number> {
    return this.revokeWhere(`"robotId" = $1`, robotId);
  }

  /** Ends those of all robots that work in an entity. */
  revokeOfEntity(entityId: string): Promise<number> {
    return this.revokeWhere(`"entityId" = $1`, entityId);
  }

  private async revokeWhere(condition: string, id: string): Promise<number> {
    const rows: readonly { sessionId: string }[] = await this.dataSource.query(
      `WITH ended AS (DELETE FROM "auth"."robotTokens" WHERE ${condition} AND "expiresAt" > now() RETURNING "sessionId")
       INSERT INTO "auth"."revocations" ("sessionId") SELECT "sessionId" FROM ended
       ON CONFLICT DO NOTHING RETURNING "sessionId"`,
      [id],
    );
    this.revocations.note(rows.map(({ sessionId }) => sessionId));
    return rows.length;
  }
}
