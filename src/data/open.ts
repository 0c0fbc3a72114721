import { fail } from '../diagnostics/error.ts';
import { npyData, npzData } from './arrays.ts';
import { dataSet } from './assemble.ts';
import { listedClasses } from './classes.ts';
import { tableData } from './columns.ts';
import type { DataOptions, DataSet, Wanted } from './dataset.ts';
import { headOf, statOf } from './files.ts';
import { imageData } from './images/data.ts';
import { parseRescaling } from './rescale.ts';

/**
 * Opens labelled data for a program: a folder of images by class, `.npz`, `.npy` or CSV, told apart by content. All labels are read and
 * checked; inputs are read when they are asked for.
 * @throws SkipcError of the codes `data-*` where the data is not what the program takes, `file-damaged` for broken files
 */
export async function openData(path: string, wanted: Wanted, options: DataOptions = {}): Promise<DataSet> {
  const listed = listedClasses(options.classes);
  const rescaling = parseRescaling(options.rescale, options.offset);
  const kind = kindOf(path);
  const read = { folder: imageData, npz: npzData, npy: npyData, table: tableData }[kind];
  return dataSet(await read(path, wanted, options, listed, rescaling), wanted, listed !== null);
}

const HEAD = 1 << 12;

function kindOf(path: string): 'folder' | 'npz' | 'npy' | 'table' {
  const found = statOf(path);
  if (found === undefined) return fail('data-not-found', { path });
  if (found.isDirectory()) return 'folder';
  if (!found.isFile()) return fail('data-unknown', { path, found: 'it is neither a file nor a folder' });
  if (found.size === 0) return fail('data-empty', { what: `the file ${JSON.stringify(path)}` });
  const head = headOf(path, HEAD);
  const start = head.toString('latin1', 0, 8);
  if (start.startsWith('PK\x03\x04') || start.startsWith('PK\x05\x06')) return 'npz';
  if (start.startsWith('\x93NUMPY')) return 'npy';
  if (start.startsWith('\x89HDF')) return fail('data-unknown', { path, found: 'it is HDF5' });
  if (start.startsWith('\xff\xfe') || start.startsWith('\xfe\xff')) return fail('data-unknown', { path, found: 'it is a text in UTF-16' });
  try {
    // A character may be cut at the end of the head, so the decoder is told that more follows.
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return 'table';
  } catch {
    return fail('data-unknown', { path, found: 'it is neither a zip of arrays, nor an array, nor a text in UTF-8' });
  }
}
