// Keeps what a merchant uploads on the store's volume. Differs from Medusa's local provider, on which it stands, in two
// promises: links are relative to the store's own host, so that a new host name breaks no picture; and private files
// (exports with customers' data) lie outside the public folder and are handed out by a route that wants an admin's login.
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';

// Not `import`: Node would first read hundreds of CommonJS files for the names they export.
const require = createRequire(import.meta.url);
const { LocalFileService } = require('@medusajs/file-local/dist/services/local-file.js');
const { ModuleProvider, Modules } = require('@medusajs/framework/utils');

const PUBLIC_FOLDER = `${import.meta.dirname}/uploads/public`;
const PRIVATE_FOLDER = `${import.meta.dirname}/uploads/private`;

const PRIVATE_KEY_PREFIX = 'private-';

class VolumeFiles extends LocalFileService {
  static identifier = 'volume';

  constructor(container) {
    super(container, { upload_dir: PUBLIC_FOLDER, private_upload_dir: PRIVATE_FOLDER });
    mkdirSync(PUBLIC_FOLDER, { recursive: true });
    mkdirSync(PRIVATE_FOLDER, { recursive: true });
    this.getUploadFileUrl = (key) => {
      const path = key.split('/').map(encodeURIComponent).join('/');
      const isPrivate = key.startsWith(PRIVATE_KEY_PREFIX);
      return isPrivate ? `/admin/private-files/${path}` : `/static/uploads/${path}`;
    };
  }
}

export default ModuleProvider(Modules.FILE, { services: [VolumeFiles] });
