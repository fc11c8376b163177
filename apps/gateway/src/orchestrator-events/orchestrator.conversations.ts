import { Injectable, Logger } from '@nestjs/common';
import { MusterError } from '#libs/contracts';
import { TokenBucket } from '../hub/token.bucket.js';
import { EventAcknowledger } from './event.acknowledger.js';
import { readSocketMessage } from './socket.messages.js';
import type { StreamCaller } from './stream.caller.js';
import type { WebSocketTransport } from './websocket.transport.js';

/** Twice as many at once. */
const MESSAGES_PER_SECOND = 50;
const REFUSALS_BEFORE_CLOSING = 1_000;

/** What orchestrators say on their WebSockets: each message is answered. */
@Injectable()
export class OrchestratorConversations {
  private readonly logger = new Logger('OrchestratorEvents');

  constructor(private readonly acknowledger: EventAcknowledger) {}

  /** Begins one; answers what hears a message of text, or undefined for a binary one. */
  with(caller: StreamCaller, transport: WebSocketTransport): (text: string | undefined) => void {
    const allowance = new TokenBucket(MESSAGES_PER_SECOND, Date.now());
    return (text) => {
      if (allowance.take(Date.now())) {
        void this.hear(caller, transport, text);
        return;
      }
      if (allowance.refusedInARow > REFUSALS_BEFORE_CLOSING) transport.abort();
      else transport.refuse(tooMany());
    };
  }

  private async hear(caller: StreamCaller, transport: WebSocketTransport, text: string | undefined): Promise<void> {
    try {
      if (text === undefined) throw new MusterError('VALIDATION_FAILED', 'Messages are JSON text, not bytes.');
      const message = readSocketMessage(text);
      if (message.kind === 'pong') return;
      await this.acknowledger.acknowledge(caller, message.ack);
      transport.answer({ type: 'ack', event_id: message.ack.event_id, acknowledged: true });
    } catch (error) {
      if (!(error instanceof MusterError)) this.logger.error({ event: 'socket_message_failed', error });
      transport.refuse(
        error instanceof MusterError ? error : new MusterError('INTERNAL_ERROR', 'Something went wrong here.'),
      );
    }
  }
}

function tooMany(): MusterError {
  return new MusterError('RATE_LIMIT_EXCEEDED', `A socket may send ${MESSAGES_PER_SECOND} messages a second.`);
}
