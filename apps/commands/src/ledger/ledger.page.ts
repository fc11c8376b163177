import type { RobotCommand } from './command.entity.js';
import { transition } from './command.machine.js';
import type { CommandFact, TimelineDraft } from './command.state.js';

/** One fact about one command; the key tells it from every other fact about that command. */
export interface LedgerFact {
  readonly commandId: string;
  readonly dedupeKey: string;
  readonly fact: CommandFact;
}

/** A command without what was asked of the robot: nothing that happens later depends on it. */
export type LedgerCommand = Omit<RobotCommand, 'payloadJson'>;

/** What became of a fact. `repeated`: it was in the timeline before; `void`: it changed and recorded nothing. */
export type Applied =
  | { readonly outcome: 'unknown' }
  | { readonly outcome: 'void'; readonly command: LedgerCommand }
  | { readonly outcome: 'recorded' | 'repeated'; readonly command: LedgerCommand; readonly entry: TimelineDraft };

export interface Entry extends TimelineDraft {
  readonly commandId: string;
  readonly dedupeKey: string;
}

/** What was read of commands and their timelines while facts are applied to it. */
export class LedgerPage {
  /** Keyed by command id. */
  private readonly commands = new Map<string, LedgerCommand>();
  /** Keyed by command id and dedupe key. */
  private readonly entries = new Map<string, TimelineDraft>();
  /** Ids of the commands that something was recorded of. */
  private readonly touched = new Set<string>();
  readonly added: Entry[] = [];

  addCommand(command: LedgerCommand): void {
    this.commands.set(command.commandId, command);
  }

  addEntry({ commandId, dedupeKey, ...entry }: Entry): void {
    this.entries.set(entryKey(commandId, dedupeKey), entry);
  }

  get changed(): LedgerCommand[] {
    return [...this.touched].flatMap((commandId) => this.commands.get(commandId) ?? []);
  }

  take({ commandId, dedupeKey, fact }: LedgerFact): Applied {
    const command = this.commands.get(commandId);
    if (!command) return { outcome: 'unknown' };
    const { changes, entry } = transition(command, fact);
    const repeated = this.entries.get(entryKey(commandId, dedupeKey));
    if (repeated) return { outcome: 'repeated', command, entry: repeated };
    if (!entry) return { outcome: 'void', command };
    const changed = Object.assign({}, command, changes);
    this.commands.set(commandId, changed);
    this.touched.add(commandId);
    this.entries.set(entryKey(commandId, dedupeKey), entry);
    this.added.push({ ...entry, commandId, dedupeKey });
    return { outcome: 'recorded', command: changed, entry };
  }
}

const entryKey = (commandId: string, dedupeKey: string): string => `${commandId}/${dedupeKey}`;
