import type { CommandAckEvent, CommandStatus } from '#libs/contracts';
import type { LedgerCommand } from '../ledger/ledger.page.js';
import type { AckWord, TimelineDraft } from '../ledger/command.state.js';

/** What an acknowledgement's timeline entry says; see `ackEntry` of the machine. */
interface AckDetail {
  readonly ack: AckWord;
  readonly applied: boolean;
  readonly status: CommandStatus;
  /** Status before, where it changed. */
  readonly from?: CommandStatus;
  readonly progress?: number;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** Told from the timeline, so that an acknowledgement that comes again is the same event again. */
export function ackEventOf(command: LedgerCommand, entry: TimelineDraft): CommandAckEvent | undefined {
  const { detail } = entry;
  if (!isAckDetail(detail)) return undefined;
  return {
    robotId: command.robotId,
    commandId: command.commandId,
    commandType: command.commandType,
    ack: detail.ack,
    status: detail.status,
    progress: detail.progress ?? null,
    result: detail.result ?? null,
    error: detail.error ?? null,
    applied: detail.applied,
    receivedAt: entry.at.toISOString(),
  };
}

function isAckDetail(detail: object | null): detail is AckDetail {
  return detail !== null && 'ack' in detail && 'applied' in detail && 'status' in detail;
}
