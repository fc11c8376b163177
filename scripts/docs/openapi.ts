import { previewGateway } from '../../apps/gateway/src/documents/gateway.preview.js';
import { openApiOf } from '../../apps/gateway/src/documents/openapi.js';

/** The OpenAPI document of the gateway, read from its controllers without starting anything. */
export async function openApiDocument(): Promise<object> {
  return openApiOf(await previewGateway());
}
