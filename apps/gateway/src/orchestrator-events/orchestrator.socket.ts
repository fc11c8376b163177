import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { HTTP_HEADERS, SOCKET_PATHS } from '#libs/contracts';
import { endWithError, requestIdOf, toHttpError } from '#libs/platform';
import { UpgradeRouter } from '../hub/upgrade.router.js';
import { OrchestratorSessions } from './orchestrator.sessions.js';
import { OrchestratorConversations } from './orchestrator.conversations.js';
import { StreamDoor, type Admitted } from './stream.door.js';
import { WebSocketTransport } from './websocket.transport.js';

/** An acknowledgement with a long error fits well. */
const MAX_PAYLOAD_BYTES = 16_384;
const KEEP_ALIVE_MS = 30_000;

/** The stream for malls whose firewalls block Server-Sent Events (appendix B, decision C40). */
@Injectable()
export class OrchestratorSocket implements OnModuleInit, OnModuleDestroy {
  private readonly server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_PAYLOAD_BYTES,
    perMessageDeflate: false,
  });
  /** Sockets that did not answer the last protocol ping. */
  private readonly silent = new WeakSet<WebSocket>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly upgrades: UpgradeRouter,
    private readonly door: StreamDoor,
    private readonly sessions: OrchestratorSessions,
    private readonly conversations: OrchestratorConversations,
  ) {}

  onModuleInit(): void {
    this.upgrades.claim(
      (path) => path === SOCKET_PATHS.orchestrators,
      (request, socket, head) => void this.upgrade(request, socket, head),
    );
    this.timer = setInterval(() => this.keepAlive(), KEEP_ALIVE_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
    this.server.close();
  }

  private async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const requestId = requestIdOf(request.headers[HTTP_HEADERS.requestId]);
    const refuse = (): void => void socket.destroy();
    socket.on('error', refuse);
    try {
      const admitted = await this.admit(request);
      socket.off('error', refuse);
      if (socket.destroyed) return;
      this.server.handleUpgrade(request, socket, head, (opened) => this.serve(opened, admitted, requestId));
    } catch (error) {
      endWithError(socket, toHttpError(error), requestId);
    }
  }

  private async admit({ headers, url = '', socket }: IncomingMessage): Promise<Admitted> {
    this.sessions.requireOpen();
    const query = new URL(url, 'http://gateway').searchParams;
    const credentials = { authorization: headers.authorization, token: query.get('token') ?? undefined };
    const mentions = { headers, query: Object.fromEntries(query) };
    const header = headers[HTTP_HEADERS.lastEventId];
    const lastEventId = typeof header === 'string' ? header : query.get('last_event_id');
    const address = socket.remoteAddress ?? 'unknown';
    const origin = { action: 'orchestratorsSocket', address, userAgent: headers['user-agent'] };
    return this.door.open({ credentials, mentions, lastEventId: lastEventId || undefined, origin });
  }

  private serve(socket: WebSocket, { caller, place }: Admitted, requestId: string): void {
    const transport = new WebSocketTransport(socket, requestId);
    const hear = this.conversations.with(caller, transport);
    socket.on('message', (data: RawData, isBinary: boolean) => hear(isBinary ? undefined : textOf(data)));
    socket.on('pong', () => this.silent.delete(socket));
    void this.sessions.serve(caller, transport, place);
  }

  /** A connection that a firewall forgot shows no end: who answers no ping for a whole interval is cut off. */
  private keepAlive(): void {
    for (const socket of this.server.clients) {
      if (this.silent.has(socket)) {
        socket.terminate();
        continue;
      }
      this.silent.add(socket);
      socket.ping();
    }
  }
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return Buffer.isBuffer(data) ? data.toString('utf8') : Buffer.from(data).toString('utf8');
}
