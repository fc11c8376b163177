import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  type CommandAckEvent,
  type CommandUpdatedEvent,
  type Envelope,
  isUuid,
  PAYLOAD_VERSION,
  type PayloadOf,
  ROBOT_EVENTS,
  ROBOT_MESSAGES,
  robotEventSubject,
  robotSubject,
} from '#libs/contracts';
import { JetStreamPublisher, type Stored } from '#libs/jetstream';
import type { NewCommand } from '../ledger/command.entity.js';

export type Publishable = Pick<NewCommand, 'commandId' | 'robotId' | 'commandType' | 'payloadJson' | 'expiresAt'>;

/** What the broker knows a copy of a command by: the same for every try to publish the same attempt. */
export const messageIdOf = (commandId: string, attempt: number): string =>
  attempt === 1 ? commandId : `${commandId}:${String(attempt)}`;

/** The command that a message of the stream carries; undefined for one that is not the ledger's. */
export function commandIdOfMessage(messageId: string): string | undefined {
  const [id] = messageId.split(':', 1);
  return isUuid(id) ? id : undefined;
}

/** Ledger → broker: commands to robots, and what happened to whoever watches. */
@Injectable()
export class CommandPublisher {
  constructor(private readonly publisher: JetStreamPublisher) {}

  /** Publishes one attempt; a repeat within the stream's duplicate window answers the first one's sequence. */
  send(command: Publishable, attempt: number): Promise<Stored> {
    const { commandId, robotId, commandType, payloadJson, expiresAt } = command;
    const { type, subject } = ROBOT_MESSAGES.command;
    const envelope: Envelope<PayloadOf<'command'>> = {
      payloadVersion: PAYLOAD_VERSION,
      messageId: randomUUID(),
      robotId,
      sentAt: new Date().toISOString(),
      correlationId: commandId,
      type,
      payload: { commandId, commandType, payload: payloadJson, expiresAt: expiresAt.toISOString() },
    };
    const messageId = messageIdOf(commandId, attempt);
    return this.publisher.publish(robotSubject(subject, robotId), JSON.stringify(envelope), { messageId });
  }

  /** Tells one acknowledgement; `ackMessageId` makes a repeat the same event. */
  async tellAck(event: CommandAckEvent, ackMessageId: string): Promise<void> {
    const subject = robotEventSubject(event.robotId, ROBOT_EVENTS.commandAck.event);
    await this.publisher.publish(subject, JSON.stringify(event), {
      messageId: `${event.commandId}:ack:${ackMessageId}`,
    });
  }

  /** Tells that a command reached a status, which it does once. */
  async tellUpdated(event: CommandUpdatedEvent): Promise<void> {
    const subject = robotEventSubject(event.robotId, ROBOT_EVENTS.commandUpdated.event);
    await this.publisher.publish(subject, JSON.stringify(event), { messageId: `${event.commandId}:${event.status}` });
  }
}
