import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { MusterError } from '#libs/contracts';
import { optionalUrl, settings } from '#libs/platform';

/** Where clients reach the gateway. */
export class PublicUrlSettings extends settings({
  publicUrl: optionalUrl('PUBLIC_URL', ['http:', 'https:'], {
    hint: 'the base URL at which clients reach the platform, e.g. https://muster.example.com; taken from each request when left out',
  }),
}) {}

/** Makes the absolute URLs that answers and events carry. */
@Injectable()
export class PublicUrl {
  private readonly configured: string | undefined;

  constructor({ publicUrl }: PublicUrlSettings) {
    this.configured = publicUrl?.replace(/\/+$/, '');
  }

  /** Base URL without a trailing slash: PUBLIC_URL, else the host that the caller, or a trusted proxy, named. */
  of({ protocol, host }: Pick<FastifyRequest, 'protocol' | 'host'>): string {
    if (this.configured !== undefined) return this.configured;
    const url = `${protocol}://${host}`;
    if (URL.canParse(url) && new URL(url).origin === url.toLowerCase().replace(/:(?:80|443)$/, '')) return url;
    throw new MusterError('MALFORMED_REQUEST', 'The Host header is not the name of a host.');
  }
}
