import { DeliverPolicy, jetstream, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { Injectable } from '@nestjs/common';
import { ROBOT_MESSAGES, robotSubject } from '#libs/contracts';
import { BrokerConnection } from '#libs/jetstream';
import { commandIdOfMessage } from './command.publisher.js';

/** A copy of a command in the stream. */
export interface Copy {
  readonly sequence: number;
  readonly messageId: string;
}

const { stream: STREAM, subject: SUBJECT } = ROBOT_MESSAGES.command;
const MESSAGE_ID = 'Nats-Msg-Id';
/** The broker's clock may be behind ours. */
const CLOCK_MARGIN_MS = 60_000;
/** Messages that are deleted while they are read never come. */
const READ_EXPIRES_MS = 1_000;

/** The stream that robots collect their commands from: looking up and taking back. */
@Injectable()
export class CommandStream {
  private manager: Promise<JetStreamManager> | undefined;

  constructor(private readonly broker: BrokerConnection) {}

  get isReachable(): boolean {
    return this.broker.isConnected;
  }

  /** The command of the message at `sequence`; undefined when there is none any more. */
  async commandAt(sequence: number): Promise<string | undefined> {
    const manager = await this.management();
    const message = await manager.streams.getMessage(STREAM, { seq: sequence });
    return message ? commandIdOfMessage(message.header.get(MESSAGE_ID)) : undefined;
  }

  /**
   * Takes back the copy at `sequence`, so that the robot's durable never delivers it; answers whether it was there. Looks
   * before it deletes: in a stream that was made anew the sequence may be another command's.
   */
  async remove(commandId: string, sequence: number): Promise<boolean> {
    if ((await this.commandAt(sequence)) !== commandId) return false;
    const manager = await this.management();
    try {
      await manager.streams.deleteMessage(STREAM, sequence, false);
    } catch (error) {
      // Another replica may have been faster.
      if ((await this.commandAt(sequence)) === commandId) throw error;
    }
    return true;
  }

  /** Whether the broker knows the newest copy for a robot; not when there is none, nor where it has lost track of it. */
  async knowsNewest(robotId: string): Promise<boolean> {
    const manager = await this.management();
    const newest = await manager.streams.getMessage(STREAM, { last_by_subj: robotSubject(SUBJECT, robotId) });
    return newest !== null;
  }

  /** Every copy of a command, oldest first, by reading its robot's subject from `since` on. */
  async find(robotId: string, commandId: string, since: Date): Promise<readonly Copy[]> {
    const consumer = await jetstream(this.broker.nc).consumers.get(STREAM, {
      filter_subjects: robotSubject(SUBJECT, robotId),
      deliver_policy: DeliverPolicy.StartTime,
      opt_start_time: new Date(since.getTime() - CLOCK_MARGIN_MS).toISOString(),
      headers_only: true,
    });
    const copies: Copy[] = [];
    const { num_pending: pending } = await consumer.info();
    if (pending > 0) {
      const messages = await consumer.fetch({ max_messages: pending, expires: READ_EXPIRES_MS });
      for await (const message of messages) {
        const messageId = message.headers?.get(MESSAGE_ID) ?? '';
        if (commandIdOfMessage(messageId) === commandId) copies.push({ sequence: message.seq, messageId });
        if (message.info.pending === 0) break;
      }
    }
    await consumer.delete();
    return copies;
  }

  private management(): Promise<JetStreamManager> {
    this.manager ??= jetstreamManager(this.broker.nc, { checkAPI: false });
    return this.manager;
  }
}
