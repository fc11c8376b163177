import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { CommandDto, CommandStatus, JsonObject } from '#libs/contracts';
import type { CommandState } from './command.state.js';

/** One command; the row is also the outbox that it is published from. */
@Entity({ schema: 'commands', name: 'robot_command_log' })
export class RobotCommand implements CommandState {
  @PrimaryColumn('uuid')
  commandId!: string;

  @Column('text')
  robotId!: string;

  @Column('text')
  commandType!: string;

  @Column('jsonb')
  payloadJson!: JsonObject;

  @Column('uuid', { nullable: true })
  requestedByUserId!: string | null;

  @Column('timestamptz')
  requestedAt!: Date;

  @Column('timestamptz', { nullable: true })
  lastAckAt!: Date | null;

  @Column('text')
  status!: CommandStatus;

  @Column('text')
  requestedBy!: string;

  @Column('timestamptz')
  expiresAt!: Date;

  @Column('int8')
  timeoutMs!: number;

  @Column('int8')
  responseTimeoutMs!: number;

  @Column('int4')
  maxRetries!: number;

  @Column('int8')
  retryDelayMs!: number;

  @Column('int4')
  attempts!: number;

  @Column('int8', { nullable: true })
  publishedSequence!: number | null;

  @Column('timestamptz', { nullable: true })
  lastSentAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  dueAt!: Date | null;

  @Column('timestamptz')
  deadlineAt!: Date;

  @Column('int8', { nullable: true })
  ackEpochMs!: number | null;

  @Column('int8', { nullable: true })
  ackSequence!: number | null;

  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('float8', { nullable: true })
  progress!: number | null;

  @Column('jsonb', { nullable: true })
  result!: unknown;

  @Column('jsonb', { nullable: true })
  error!: unknown;

  @Column('timestamptz', { nullable: true })
  completedAt!: Date | null;

  @Column('uuid', { nullable: true })
  batchId!: string | null;

  /** Counts the changes, so that a change is written only upon what it was decided from. */
  @Column('int4')
  version!: number;
}

export function toCommandDto(row: RobotCommand): CommandDto {
  return {
    commandId: row.commandId,
    robotId: row.robotId,
    commandType: row.commandType,
    payload: row.payloadJson,
    status: row.status,
    reason: row.reason,
    progress: row.progress,
    result: row.result,
    error: row.error,
    requestedBy: row.requestedBy,
    requestedByUserId: row.requestedByUserId,
    requestedAt: row.requestedAt.toISOString(),
    lastAckAt: row.lastAckAt?.toISOString() ?? null,
    completedAt: row.completedAt?.toISOString() ?? null,
    expiresAt: row.expiresAt.toISOString(),
    timeoutMs: row.timeoutMs,
    responseTimeoutMs: row.responseTimeoutMs,
    retryPolicy: { maxRetries: row.maxRetries, retryDelayMs: row.retryDelayMs },
    attempts: row.attempts,
    batchId: row.batchId,
  };
}

/** A command as it is when it is asked for. */
export type NewCommand = Omit<
  RobotCommand,
  | 'lastAckAt'
  | 'publishedSequence'
  | 'lastSentAt'
  | 'ackEpochMs'
  | 'ackSequence'
  | 'reason'
  | 'progress'
  | 'result'
  | 'error'
  | 'completedAt'
  | 'version'
>;
