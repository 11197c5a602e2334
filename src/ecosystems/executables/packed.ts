import type { ExecutableImage } from './executable-image.ts'

const upxMagic = Buffer.from('UPX!')
/** UPX writes its header behind the program headers, and before that the names of its sections. */
const headBytes = 4096

/** Whether UPX packed it, so that nothing of the program itself can be read. */
export function isPacked({ bytes, sections }: ExecutableImage): boolean {
  if (sections.some(({ name }) => /^UPX[0-9]$/.test(name))) return true
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, headBytes))
  return head.includes(upxMagic)
}
