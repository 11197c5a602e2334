// Faults of the disk below the file driver: its system calls are replaced for the whole process, so they fail as the system's do.
import fs, { type FileHandle } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FaultKind } from './orders.ts'
import type { Tracer } from './tracer.ts'

/** Only what lies below the directory fails. */
export async function installDiskFaults(tracer: Tracer, below: string): Promise<void> {
  await replaceHandleMethods(tracer)
  const fails = (path: unknown, kind: FaultKind, code: string): void => {
    if (typeof path !== 'string' || !path.startsWith(below)) return
    if (tracer.failsNow(kind)) throw systemError(code, 'open')
  }
  const { open, rm } = fs
  fs.open = async (path, flags, mode) => {
    fails(path, 'open EMFILE', 'EMFILE')
    if (flags !== 'r') fails(path, 'open ENOSPC', 'ENOSPC')
    return open(path, flags, mode)
  }
  fs.rm = async (path, options) => {
    fails(path, 'delete EIO', 'EIO')
    return rm(path, options)
  }
  syncBuiltinESMExports()
}

/** The class of file handles is not exported; an open one knows it. */
async function replaceHandleMethods(tracer: Tracer): Promise<void> {
  const file = join(tmpdir(), `pratique-handle-${process.pid}`)
  const handle = await fs.open(file, 'w')
  const prototype = Object.getPrototypeOf(handle) as FileHandle
  await handle.close()
  await fs.rm(file)
  // What is patched are the prototype's own functions, called with the handle that they belong to.
  const { write, sync, datasync, truncate } = methodsOf(prototype)
  const failingWrite: Write = async function (bytes, offset, length, position) {
    for (const code of ['ENOSPC', 'EDQUOT', 'EIO'] as const) {
      if (tracer.failsNow(`write ${code}`)) throw systemError(code, 'write')
    }
    const isLast = tracer.failsNow('write short, then ENOSPC')
    if (isLast && length < 2) throw systemError('ENOSPC', 'write')
    const isShort = (isLast || tracer.failsNow('write short')) && length > 1
    return write.call(this, bytes, offset, isShort ? Math.ceil(length / 2) : length, position)
  }
  Object.assign(prototype, {
    write: failingWrite,
    async sync(this: FileHandle) {
      if (tracer.failsNow('fsync EIO')) throw systemError('EIO', 'fsync')
      return sync.call(this)
    },
    async datasync(this: FileHandle) {
      if (tracer.failsNow('fsync EIO')) throw systemError('EIO', 'fdatasync')
      return datasync.call(this)
    },
    async truncate(this: FileHandle, length?: number) {
      if (tracer.failsNow('truncate EIO')) throw systemError('EIO', 'ftruncate')
      return truncate.call(this, length)
    },
  })
}

type Write = (
  this: FileHandle,
  bytes: Uint8Array,
  offset: number,
  length: number,
  position: number,
) => ReturnType<FileHandle['write']>

interface Methods {
  readonly write: Write
  readonly sync: (this: FileHandle) => Promise<void>
  readonly datasync: (this: FileHandle) => Promise<void>
  readonly truncate: (this: FileHandle, length?: number) => Promise<void>
}

function methodsOf(prototype: FileHandle): Methods {
  const method = (name: keyof Methods): unknown =>
    Object.getOwnPropertyDescriptor(prototype, name)?.value
  return {
    write: method('write') as Write,
    sync: method('sync') as Methods['sync'],
    datasync: method('datasync') as Methods['datasync'],
    truncate: method('truncate') as Methods['truncate'],
  }
}

function systemError(code: string, syscall: string): Error {
  return Object.assign(new Error(`${code}: injected, ${syscall}`), { code, syscall })
}
