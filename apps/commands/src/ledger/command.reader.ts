import { Injectable } from '@nestjs/common';
import {
  type BatchDto,
  type BatchItem,
  COMMAND_STATUSES,
  type CommandDetailDto,
  type CommandDto,
  type CommandPage,
  isUuid,
  MAX_REPLY_BYTES,
  MusterError,
} from '#libs/contracts';
import { toCommandDto } from './command.entity.js';
import { refuseBad } from './command.policy.js';
import { CommandRepository, type PageEnd } from './command.repository.js';
import { RobotDirectory } from '../robot.directory.js';
import { type TimelineRow, toTimeline } from './timeline.entity.js';

export interface ListRequest {
  readonly robotId: string;
  readonly limit: number;
  readonly after?: string;
  readonly status?: string;
}

const MAX_PAGE = 500;
const MAX_TIMELINE = 500;
/** Status that `counts` of a batch shows for robots without a command. */
const REFUSED = 'REFUSED';

/** Answers what the ledger holds; never more than fits into one reply. */
@Injectable()
export class CommandReader {
  constructor(
    private readonly repository: CommandRepository,
    private readonly directory: RobotDirectory,
  ) {}

  /** @throws MusterError `COMMAND_NOT_FOUND`. */
  async get(commandId: string): Promise<CommandDetailDto> {
    const command = isUuid(commandId) ? await this.repository.find(commandId) : null;
    if (!command) throw commandNotFound(commandId);
    const rows = await this.repository.timeline(commandId, MAX_TIMELINE);
    const dto = toCommandDto(command);
    return { ...dto, timeline: toTimeline(fitting(rows, MAX_REPLY_BYTES - sizeOf(dto))) };
  }

  /**
   * A page, newest first; shorter than `limit` when it would be too large, with `next` wherever there is more.
   * @throws MusterError `ROBOT_NOT_FOUND`, `VALIDATION_FAILED`, `CURSOR_INVALID`.
   */
  async list({ robotId, limit, after, status }: ListRequest): Promise<CommandPage> {
    const wanted = Math.min(Math.max(1, limit), MAX_PAGE);
    const rows = await this.repository.list({
      robotId,
      limit: wanted + 1,
      ...(status === undefined ? {} : { status: requireStatus(status) }),
      ...(after === undefined ? {} : { after: readCursor(after) }),
    });
    if (rows.length === 0) await this.directory.requireRobot(robotId);
    const commands = fitting(rows.slice(0, wanted).map(toCommandDto), MAX_REPLY_BYTES);
    const last = commands.at(-1);
    return { commands, next: last && commands.length < rows.length ? cursorAfter(last) : null };
  }

  /** @throws MusterError `BATCH_NOT_FOUND`. */
  async getBatch(batchId: string): Promise<BatchDto> {
    const batch = isUuid(batchId) ? await this.repository.findBatch(batchId) : null;
    if (!batch) throw new MusterError('BATCH_NOT_FOUND', `There is no batch ${batchId}.`, { batchId });
    const commands = await this.repository.commandsOfBatch(batchId);
    const items: BatchItem[] = [
      ...commands.map((command) => ({ ...command, error: null })),
      ...batch.refusals.map(({ robotId, code, message }) => refused(robotId, code, message)),
    ].toSorted((one, other) => (one.robotId < other.robotId ? -1 : 1));
    const { commandType, requestedBy, requestedAt, total } = batch;
    return {
      batchId,
      commandType,
      requestedBy,
      requestedAt: requestedAt.toISOString(),
      total,
      counts: countsOf(items),
      items,
    };
  }
}

export const commandNotFound = (commandId: string): MusterError =>
  new MusterError('COMMAND_NOT_FOUND', `There is no command ${commandId}.`, { commandId });

function refused(robotId: string, code: string, message: string): BatchItem {
  return { robotId, commandId: null, status: null, error: { code, message } };
}

function countsOf(items: readonly BatchItem[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status } of items) counts[status ?? REFUSED] = (counts[status ?? REFUSED] ?? 0) + 1;
  return counts;
}

function requireStatus(text: string): string {
  const status = COMMAND_STATUSES.find((one) => one === text.toUpperCase());
  if (status === undefined)
    refuseBad([{ field: 'status', problems: [`must be one of ${COMMAND_STATUSES.join(', ')}`] }]);
  return status ?? text;
}

function cursorAfter({ requestedAt, commandId }: CommandDto): string {
  return Buffer.from(`${requestedAt} ${commandId}`).toString('base64url');
}

function readCursor(cursor: string): PageEnd {
  const [instant = '', commandId = ''] = Buffer.from(cursor, 'base64url').toString().split(' ');
  const requestedAt = new Date(instant);
  if (Number.isNaN(requestedAt.getTime()) || !isUuid(commandId)) {
    throw new MusterError('CURSOR_INVALID', 'The cursor is not one that this list gave out.', { after: cursor });
  }
  return { requestedAt, commandId };
}

const sizeOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** The first of `items` whose JSON fits, and at least one. */
function fitting<T extends CommandDto | TimelineRow>(items: readonly T[], maxBytes: number): T[] {
  let bytes = 0;
  const end = items.findIndex((item, index) => (bytes += sizeOf(item)) > maxBytes && index > 0);
  return items.slice(0, end === -1 ? items.length : end);
}
