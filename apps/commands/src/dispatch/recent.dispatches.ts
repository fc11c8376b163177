import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';

const MAX_REMEMBERED = 20_000;

/** What this process published lately, so that most evidence of delivery needs no look into the stream. */
@Injectable()
export class RecentDispatches {
  /** Robot and stream sequence → command id. */
  private readonly commands = new LRUCache<string, string>({ max: MAX_REMEMBERED });

  add(robotId: string, sequence: number, commandId: string): void {
    this.commands.set(keyOf(robotId, sequence), commandId);
  }

  find(robotId: string, sequence: number): string | undefined {
    return this.commands.get(keyOf(robotId, sequence));
  }

  /** After a reconnect the stream may be another one, with sequences of its own. */
  clear(): void {
    this.commands.clear();
  }
}

const keyOf = (robotId: string, sequence: number): string => `${robotId}/${String(sequence)}`;
