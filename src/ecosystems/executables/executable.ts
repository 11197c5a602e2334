// Programs and libraries of Linux, Windows and macOS, told by how they begin.
import { readElf } from './elf.ts'
import type { ExecutableImage } from './executable-image.ts'
import { maxArchitectures, readMachO } from './mach-o.ts'
import { readPe } from './pe.ts'

/** Its images: one, or one for each architecture of a fat file; none for what is no executable. */
export function readExecutable(bytes: Uint8Array): readonly ExecutableImage[] {
  const image = readElf(bytes) ?? readPe(bytes)
  return image === undefined ? readMachO(bytes) : [image]
}

/**
 * Whether a file that begins so is a linked program or library. Object files, kernel modules and core dumps are not:
 * they hold no build information, and there are thousands of them.
 */
export function isExecutableHead(head: Uint8Array): boolean {
  if (head.length < 20) return false
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  const magic = view.getUint32(0, false)
  if (magic === 0x7f454c46) return isLinkedElf(head, view)
  if (magic >>> 16 === 0x4d5a) return isPeHead(head, view)
  if (magic === 0xcafebabe || magic === 0xcafebabf) {
    const count = view.getUint32(4, false)
    return count > 0 && count <= maxArchitectures
  }
  const isLittle = magic === 0xcefaedfe || magic === 0xcffaedfe
  if (!isLittle && magic !== 0xfeedface && magic !== 0xfeedfacf) return false
  // MH_EXECUTE, MH_DYLIB, MH_BUNDLE
  return [2, 6, 8].includes(view.getUint32(12, isLittle))
}

/** ET_EXEC or ET_DYN. */
function isLinkedElf(head: Uint8Array, view: DataView): boolean {
  const type = view.getUint16(16, head[5] !== 2)
  return type === 2 || type === 3
}

function isPeHead(head: Uint8Array, view: DataView): boolean {
  if (head.length < 64) return false
  const start = view.getUint32(0x3c, true)
  // Where the header lies beyond what was shown, the whole file tells.
  return start + 4 > head.length || view.getUint32(start, true) === 0x4550
}
