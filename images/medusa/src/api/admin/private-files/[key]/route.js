// Hands a private file, such as an export, to a logged-in admin; Medusa guards everything under /admin.
import { createRequire } from 'node:module';

const { Modules } = createRequire(import.meta.url)('@medusajs/framework/utils');

export async function GET(request, response) {
  const files = request.scope.resolve(Modules.FILE);
  const { key } = request.params;
  if (!key.startsWith('private-')) {
    response.status(404).json({ type: 'not_found', message: 'There is no such file.' });
    return;
  }
  const stream = await files.getDownloadStream(key);
  response.attachment(key.replace(/^private-\d+-/, ''));
  stream.on('error', () => {
    if (response.headersSent) response.destroy();
    else response.status(404).json({ type: 'not_found', message: 'There is no such file.' });
  });
  stream.pipe(response);
}
