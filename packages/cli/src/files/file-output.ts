import { unlinkSync, type Stats } from 'node:fs';
import { open, realpath, rename, stat, unlink, type FileHandle } from 'node:fs/promises';
import type { Bytes } from 'millrace/bytes';
import { CommandError, EXIT, systemError } from '../exit.js';
import type { Input } from './input.js';
import type { Output } from './output.js';

/**
 * A file. It takes permissions and times from the file it is made of, when there is one. One that is overwritten stays as it was until the new
 * one is there whole; a device or a pipe is written to as it is.
 * @param force overwrite one that is there
 * @param input what is read, if one file is: it is never overwritten by what is made of it
 * @throws CommandError exit code 1
 */
export async function fileOutput(path: string, force: boolean, input?: Input): Promise<Output> {
  const there = await statOf(path);
  if (there?.isDirectory()) throw new CommandError(EXIT.failure, `cannot write ${path}: it is a directory`);
  if (there !== undefined && !there.isFile()) return new Written(path, await opened(path, path, 'w', 0o666));
  if (there === undefined) return newFile(path, path, input);
  if (!force) throw exists(path);
  if (there.dev === input?.stats?.dev && there.ino === input.stats.ino) throw new CommandError(EXIT.failure, `${path} is the input`);
  const target = await realpath(path); // not the link to it is to be replaced
  return newFile(path, `${target}.${process.pid}.tmp`, input, target);
}

async function newFile(name: string, path: string, input: Input | undefined, target?: string): Promise<Output> {
  // Nobody else reads what he may not read of the input, also while it is written.
  const attributes = input?.attributes;
  return new Written(name, await opened(name, path, 'wx', attributes === undefined ? 0o666 : 0o600), { path, target, attributes });
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw systemError(`cannot write ${path}`, error);
  }
}

async function opened(name: string, path: string, flags: string, mode: number): Promise<FileHandle> {
  try {
    return await open(path, flags, mode);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? exists(name) : systemError(`cannot write ${name}`, error);
  }
}

function exists(name: string): CommandError {
  return new CommandError(EXIT.failure, `${name} exists already; -f overwrites it`);
}

/** A file of our own making, which takes its place when it is whole, and goes when it is not. */
interface Made {
  readonly path: string;
  /** What it is renamed to; undefined when it has its name already. */
  readonly target: string | undefined;
  readonly attributes: Stats | undefined;
}

class Written implements Output {
  readonly name: string;
  written = 0;
  readonly #file: FileHandle;
  readonly #made: Made | undefined;

  constructor(name: string, file: FileHandle, made?: Made) {
    this.name = name;
    this.#file = file;
    this.#made = made;
  }

  async write(piece: Bytes): Promise<void> {
    try {
      let view: Uint8Array = piece.toBuffer();
      while (view.length > 0) {
        const { bytesWritten } = await this.#file.write(view);
        this.written += bytesWritten;
        view = view.subarray(bytesWritten);
      }
    } catch (error) {
      throw systemError(`cannot write ${this.name}`, error);
    } finally {
      piece.release();
    }
  }

  async finish(): Promise<void> {
    const { attributes, path, target } = this.#made ?? {};
    try {
      if (attributes !== undefined) {
        await this.#file.chmod(attributes.mode & 0o777);
        await this.#file.utimes(attributes.atime, attributes.mtime);
      }
      await this.#file.close();
      if (path !== undefined && target !== undefined) await rename(path, target);
    } catch (error) {
      throw systemError(`cannot write ${this.name}`, error);
    }
  }

  async discard(): Promise<void> {
    await this.#file.close();
    if (this.#made !== undefined) await unlink(this.#made.path).catch(() => undefined);
  }

  abandon(): void {
    if (this.#made === undefined) return;
    try {
      unlinkSync(this.#made.path);
    } catch {
      // It has its name already, or somebody removed it.
    }
  }
}
