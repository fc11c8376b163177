import { type CommandStatus, PermanentMessageError, type TimelineKind } from '#libs/contracts';
import type { StreamPosition } from '#libs/jetstream';
import { deadlineOf, earliestDue, latest } from './command.schedule.js';
import {
  type AckFact,
  type AckWord,
  type CommandFact,
  type CommandState,
  type DeliveredFact,
  isFinal,
  type SentFact,
  type TimelineDraft,
  type Transition,
} from './command.state.js';

const VOID: Transition = { changes: {}, entry: null };
const MUSTER = 'muster';

/** Word of the documents → status it leads to, and how the timeline calls it. */
const ACKS = {
  ACCEPTED: { status: 'ACKED', kind: 'acked', reason: null },
  PROGRESS: { status: 'ACKED', kind: 'progress', reason: null },
  REJECTED: { status: 'FAILED', kind: 'rejected', reason: 'rejected' },
  COMPLETED: { status: 'COMPLETED', kind: 'result', reason: null },
  FAILED: { status: 'FAILED', kind: 'result', reason: 'failed' },
} as const satisfies Record<AckWord, { status: CommandStatus; kind: TimelineKind; reason: string | null }>;

/**
 * The whole life of a command: forward only, and the same facts in any order end it or leave it open alike.
 * @throws PermanentMessageError `COMMAND_MISMATCH` for the acknowledgement of a robot that was not asked.
 */
export function transition(command: CommandState, fact: CommandFact): Transition {
  switch (fact.type) {
    case 'sent':
      return sent(command, fact);
    case 'delivered':
      return delivered(command, fact);
    case 'ack':
      return acknowledged(command, fact);
    case 'timeout':
      return timedOut(command, fact.at);
    case 'cancel':
      return cancelled(command, fact.at, fact.by);
  }
}

function sent(command: CommandState, { at, attempt, sequence }: SentFact): Transition {
  const known = { attempts: Math.max(attempt, command.attempts), publishedSequence: sequence, lastSentAt: at };
  const entry: TimelineDraft = {
    at,
    kind: attempt === 1 ? 'sent' : 'retried',
    by: MUSTER,
    detail: { attempt, sequence },
  };
  if (!isFinal(command.status)) {
    return { changes: { ...known, dueAt: earliestDue({ ...command, ...known }) }, entry };
  }
  // Published while it became final: the copy in the stream has to go, unless it is the one that the robot answered.
  const answered = command.status === 'COMPLETED' || command.status === 'FAILED';
  return { changes: answered && attempt === 1 ? known : { ...known, dueAt: at }, entry };
}

function delivered(command: CommandState, { at, sequence, deliveries }: DeliveredFact): Transition {
  const by = `robot:${command.robotId}`;
  return { changes: {}, entry: { at, kind: 'delivered', by, detail: { sequence, deliveries } } };
}

type Verdict = 'applied' | 'late' | 'duplicate' | 'overtaken';

function acknowledged(command: CommandState, fact: AckFact): Transition {
  if (fact.robotId !== command.robotId) {
    throw new PermanentMessageError('COMMAND_MISMATCH', `${fact.robotId} answers a command for ${command.robotId}.`);
  }
  const verdict = judge(command, fact);
  const changes = verdict === 'applied' ? applied(command, fact) : {};
  return { changes, entry: ackEntry(command, fact, verdict) };
}

function judge(command: CommandState, { word, position }: AckFact): Verdict {
  const overtaken = isOlder(position, command);
  const { status } = ACKS[word];
  if (isFinal(command.status)) {
    if (overtaken) return 'overtaken';
    return status === command.status ? 'duplicate' : 'late';
  }
  if (isFinal(status)) return 'applied';
  if (overtaken) return 'overtaken';
  return word === 'ACCEPTED' && command.status === 'ACKED' ? 'duplicate' : 'applied';
}

function isOlder(position: StreamPosition, { ackEpochMs, ackSequence }: CommandState): boolean {
  if (ackEpochMs === null || ackSequence === null) return false;
  return position.epochMs === ackEpochMs ? position.sequence < ackSequence : position.epochMs < ackEpochMs;
}

function applied(command: CommandState, fact: AckFact): Partial<CommandState> {
  const { status, reason } = ACKS[fact.word];
  const lastAckAt = command.lastAckAt === null ? fact.at : latest(command.lastAckAt, fact.at);
  const newest = isOlder(fact.position, command)
    ? {}
    : { ackEpochMs: fact.position.epochMs, ackSequence: fact.position.sequence };
  const progress = fact.progress ?? command.progress;
  const common = { status, lastAckAt, progress, deadlineAt: deadlineOf(command, lastAckAt), ...newest };
  if (!isFinal(status)) return common;
  // A retry may still wait in the stream for a robot that answered the copy before it.
  const dueAt = command.attempts > 1 ? fact.at : null;
  return { ...common, reason, result: fact.result, error: fact.error, completedAt: fact.at, dueAt };
}

function ackEntry(command: CommandState, fact: AckFact, verdict: Verdict): TimelineDraft {
  const kind = verdict === 'late' || verdict === 'duplicate' ? verdict : ACKS[fact.word].kind;
  const status = verdict === 'applied' ? ACKS[fact.word].status : command.status;
  const detail = {
    ack: fact.word,
    applied: verdict === 'applied',
    status,
    ...(status === command.status ? {} : { from: command.status }),
    ...(fact.progress === null ? {} : { progress: fact.progress }),
    ...(fact.result === null ? {} : { result: fact.result }),
    ...(fact.error === null ? {} : { error: fact.error }),
  };
  return { at: fact.at, kind, by: `robot:${fact.robotId}`, detail };
}

function timedOut(command: CommandState, at: Date): Transition {
  if (isFinal(command.status) || at < command.deadlineAt) return VOID;
  const reason = timeoutReason(command);
  const changes = { status: 'TIMEOUT', reason, completedAt: at, dueAt: at } as const;
  return { changes, entry: { at, kind: 'timeout', by: MUSTER, detail: { from: command.status, reason } } };
}

function timeoutReason({ status, attempts }: CommandState): string {
  if (status === 'ACKED') return 'no_result';
  return attempts === 0 ? 'not_published' : 'no_response';
}

function cancelled(command: CommandState, at: Date, by: string): Transition {
  if (isFinal(command.status)) return VOID;
  const changes = { status: 'CANCELLED', reason: 'cancelled', completedAt: at, dueAt: at } as const;
  return { changes, entry: { at, kind: 'cancelled', by, detail: { from: command.status } } };
}
