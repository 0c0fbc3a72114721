/** The colours of the picture, for light and for dark surroundings. All text has a contrast of at least 4.5 to what is behind it. */

/** A frame, what fills it, and the text in it. */
export interface Tint {
  readonly frame: string;
  readonly fill: string;
  readonly text: string;
  /** What is said in passing. */
  readonly dim: string;
}

export interface Theme {
  readonly page: string;
  readonly text: string;
  readonly dim: string;
  readonly line: string;
  readonly tones: Readonly<Record<'input' | 'prefix' | 'suffix' | 'load' | 'identity' | 'removed', Tint>>;
  /** Pills that are filled with their colour: tensors at the cut, and outputs. */
  readonly solid: Readonly<Record<'input' | 'prefix' | 'suffix', { readonly fill: string; readonly text: string }>>;
  readonly edges: Readonly<Record<'live' | 'prefix' | 'dead', string>>;
  readonly group: { readonly frame: string; readonly fill: string };
  /** Cost: the bar, the part of it that is nothing, and where attention is wanted. */
  readonly heat: string;
  readonly track: string;
  readonly mark: string;
}

const lightTones = {
  input: { frame: '#57606a', fill: '#ffffff', text: '#1f2328', dim: '#57606a' },
  prefix: { frame: '#8250df', fill: '#f7f2ff', text: '#2b1a52', dim: '#62547f' },
  suffix: { frame: '#0969da', fill: '#eff6ff', text: '#0a2540', dim: '#4a5d75' },
  load: { frame: '#9a6700', fill: '#fff8e5', text: '#3d2b00', dim: '#6f5a24' },
  identity: { frame: '#8c959f', fill: '#ffffff', text: '#57606a', dim: '#57606a' },
  removed: { frame: '#d0d7de', fill: '#f6f8fa', text: '#656d76', dim: '#656d76' },
} as const;

export const light: Theme = {
  page: '#ffffff',
  text: '#1f2328',
  dim: '#57606a',
  line: '#d0d7de',
  tones: lightTones,
  solid: {
    input: { fill: '#424a53', text: '#ffffff' },
    prefix: { fill: '#6e40c9', text: '#ffffff' },
    suffix: { fill: '#0757ba', text: '#ffffff' },
  },
  edges: { live: '#54708f', prefix: '#8a6cc7', dead: '#c4ccd5' },
  group: { frame: '#d8dee4', fill: '#fafbfc' },
  heat: '#e16f24',
  track: '#1f23281a',
  mark: '#bf3989',
};

const darkTones = {
  input: { frame: '#8b949e', fill: '#0d1117', text: '#e6edf3', dim: '#9da7b3' },
  prefix: { frame: '#a371f7', fill: '#1c1530', text: '#eadfff', dim: '#b8a7dc' },
  suffix: { frame: '#4493f8', fill: '#0f2036', text: '#dcebff', dim: '#9fb6d3' },
  load: { frame: '#bb8009', fill: '#2a210b', text: '#f5e3b5', dim: '#c9b37a' },
  identity: { frame: '#6e7681', fill: '#0d1117', text: '#9da7b3', dim: '#9da7b3' },
  removed: { frame: '#30363d', fill: '#151b23', text: '#8b949e', dim: '#8b949e' },
} as const;

export const dark: Theme = {
  page: '#0d1117',
  text: '#e6edf3',
  dim: '#9da7b3',
  line: '#30363d',
  tones: darkTones,
  solid: {
    input: { fill: '#afb8c1', text: '#0d1117' },
    prefix: { fill: '#b392f0', text: '#160d2b' },
    suffix: { fill: '#6cb6ff', text: '#04182e' },
  },
  edges: { live: '#7d97b5', prefix: '#9a7fd1', dead: '#3a424c' },
  group: { frame: '#2a313a', fill: '#10151c' },
  heat: '#f0883e',
  track: '#e6edf324',
  mark: '#f778ba',
};

export const SANS = '-apple-system,BlinkMacSystemFont,"Segoe UI","Noto Sans",Helvetica,Arial,sans-serif';
export const MONO = 'ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono","DejaVu Sans Mono",monospace';
