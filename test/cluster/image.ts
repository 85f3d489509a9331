import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';

/** Writes a docker-archive with one static program, as containerd imports it; there is no registry. */
export async function writeImage(
  archive: string,
  reference: string,
  program: { readonly file: string; readonly path: string },
): Promise<void> {
  const folders = ['bin', 'tmp', 'etc'].map((name) =>
    tarEntry({ name: `${name}/`, mode: name === 'tmp' ? 0o1777 : 0o755, content: Buffer.alloc(0) }),
  );
  const binary = tarEntry({ name: program.path.slice(1), mode: 0o755, content: await readFile(program.file) });
  const layer = tar([...folders, binary]);
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      config: { Entrypoint: [program.path], Env: ['PATH=/bin'] },
      rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
      history: [{ created: '2026-01-01T00:00:00Z' }],
    }),
  );
  const names = { config: `${sha256(config)}.json`, layer: `${sha256(layer)}/layer.tar` };
  const manifest = Buffer.from(
    JSON.stringify([{ Config: names.config, RepoTags: [reference], Layers: [names.layer] }]),
  );
  const files = [
    { name: names.config, content: config },
    { name: names.layer, content: layer },
    { name: 'manifest.json', content: manifest },
  ];
  await writeFile(archive, tar(files.map((file) => tarEntry({ ...file, mode: 0o644 }))));
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const BLOCK = 512;

/** A ustar entry: a header block, then the content padded to whole blocks. */
function tarEntry({ name, mode, content }: { name: string; mode: number; content: Buffer }): Buffer {
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, width: number) => `${value.toString(8).padStart(width - 1, '0')}\0`;
  header.write(name, 0, 100);
  header.write(octal(mode, 8), 100);
  header.write(octal(0, 8), 108);
  header.write(octal(0, 8), 116);
  header.write(octal(content.length, 12), 124);
  header.write(octal(0, 12), 136);
  header.write('        ', 148);
  header.write(name.endsWith('/') ? '5' : '0', 156);
  header.write('ustar\x0000', 257);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
  return Buffer.concat([header, content, padding]);
}

function tar(entries: readonly Buffer[]): Buffer {
  return Buffer.concat([...entries, Buffer.alloc(2 * BLOCK)]);
}
