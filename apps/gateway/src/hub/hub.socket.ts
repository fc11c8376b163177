import { Logger } from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  type OnGatewayInit,
} from '@nestjs/websockets';
import { HUB_MESSAGES, HUB_NAMESPACE } from '#libs/contracts';
import { answerByNotice, noticeOf } from './hub.acknowledgement.js';
import { answer } from './hub.answer.js';
import { HubDoor } from './hub.door.js';
import { readJoin, readLeave, readUpdate, type HubAnswer } from './hub.messages.js';
import { HubSessions } from './hub.sessions.js';
import type { HubClient, HubSpace } from './hub.types.js';
import { RobotEdits } from './robot.edits.js';

const SERVER_OPTIONS = {
  serveClient: false,
  // 123,000 deliveries a second become 18,000 with it.
  perMessageDeflate: false,
  httpCompression: false,
  // A message of 2 MB is still answered with an error; what is larger costs the connection.
  maxHttpBufferSize: 4 * 1024 ** 2,
  connectTimeout: 10_000,
  destroyUpgrade: false,
};

/** The robots hub (decisions A1, G7). Everything a client says is answered by acknowledgement. */
@WebSocketGateway({ namespace: HUB_NAMESPACE, ...SERVER_OPTIONS })
export class HubSocket implements OnGatewayInit, OnGatewayConnection, OnGatewayDisconnect {
  private readonly logger = new Logger('Hub');

  constructor(
    private readonly door: HubDoor,
    private readonly sessions: HubSessions,
    private readonly edits: RobotEdits,
  ) {}

  afterInit(space: HubSpace): void {
    this.door.guard(space);
  }

  handleConnection(socket: HubClient): void {
    socket.on('error', (error: Error) => this.logger.debug({ event: 'hub_socket_error', error }));
    answerByNotice(socket);
    socket.onAny((event: string, ...values: unknown[]) => this.refuseUnknown(socket, event, values));
    this.sessions.open(socket);
  }

  handleDisconnect(socket: HubClient): void {
    this.sessions.close(socket);
  }

  @SubscribeMessage(HUB_MESSAGES.join)
  join(@ConnectedSocket() socket: HubClient, @MessageBody() body: unknown): Promise<HubAnswer> {
    return answer(async () => {
      const session = this.sessions.of(socket);
      session.authorise('Viewer');
      return { eventId: await session.join(readJoin(body)) };
    });
  }

  @SubscribeMessage(HUB_MESSAGES.leave)
  leave(@ConnectedSocket() socket: HubClient, @MessageBody() body: unknown): Promise<HubAnswer> {
    return answer(async () => {
      const session = this.sessions.of(socket);
      session.authorise('Viewer');
      return { eventId: session.leave(readLeave(body)) };
    });
  }

  @SubscribeMessage(HUB_MESSAGES.updateRobot)
  updateRobot(@ConnectedSocket() socket: HubClient, @MessageBody() body: unknown): Promise<HubAnswer> {
    return answer(async () => {
      const session = this.sessions.of(socket);
      session.authorise('Operator');
      return this.edits.update(readUpdate(body), session.principal);
    });
  }

  /** Nobody handles it: without this its sender would wait for ever. */
  private refuseUnknown(socket: HubClient, event: string, values: readonly unknown[]): void {
    const known: readonly string[] = Object.values(HUB_MESSAGES);
    if (known.includes(event)) return;
    const acknowledge = values.at(-1);
    const tell = typeof acknowledge === 'function' ? acknowledge : noticeOf(socket, event);
    void answer(() => this.sessions.of(socket).refuse(event)).then((refusal) => {
      Reflect.apply(tell, undefined, [refusal]);
    });
  }
}
