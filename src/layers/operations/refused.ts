import { object } from '../../schema/build.ts';
import { type LayerRow, layer } from '../row.ts';

/** What Keras 3.15 has and skipc does not compile, with the reason. */
const REASONS: readonly (readonly [reason: string, names: string])[] = [
  ['tfjs has no transform of this kind on every backend', 'math.FFT math.FFT2 math.IFFT2 math.RFFT math.IRFFT math.STFT math.ISTFT'],
  ['tfjs computes with complex numbers on few backends', 'numpy.Angle numpy.Imag numpy.Isreal nn.Polar math.ViewAsComplex math.ViewAsReal'],
  [
    'tfjs has no decomposition of matrices on every backend',
    'linalg.Cholesky linalg.CholeskyInverse linalg.Det linalg.Eig linalg.Eigh linalg.Inv linalg.Lstsq linalg.LuFactor linalg.MatrixRank ' +
      'linalg.Pinv linalg.Qr linalg.SVD linalg.Solve linalg.SolveTriangular math.Logdet numpy.Slogdet',
  ],
  [
    'it holds a function of Python, which a file cannot',
    'core.AssociativeScan core.Cond core.ForiLoop core.Map core.Scan core.Switch core.VectorizedMap core.WhileLoop linalg.JVP',
  ],
  ['the size of its result is not known beforehand', 'numpy.Nonzero numpy.Unique numpy.Bincount numpy.Histogram'],
  [
    'tfjs has no such op on every backend',
    'numpy.BitwiseAnd numpy.BitwiseInvert numpy.BitwiseLeftShift numpy.BitwiseNot numpy.BitwiseOr numpy.BitwiseRightShift numpy.BitwiseXor ' +
      'numpy.LeftShift numpy.RightShift numpy.Gcd numpy.Lcm numpy.I0 numpy.Nextafter math.Erfinv numpy.View ' +
      'math.SegmentMax math.SegmentMin math.SegmentProd math.SegmentReduction math.SegmentSum core.Scatter core.ScatterUpdate core.SliceUpdate',
  ],
  [
    'no model needed it yet',
    'numpy.AllClose numpy.Arange numpy.Argpartition numpy.Corrcoef numpy.Correlate numpy.Cross numpy.Diagflat numpy.Geomspace numpy.Kron ' +
      'numpy.Linspace numpy.Logspace numpy.Meshgrid numpy.Nanargmax numpy.Nanargmin numpy.Nanmax numpy.Nanmedian numpy.Nanmin ' +
      'numpy.Nanpercentile numpy.Nanquantile numpy.Nanstd numpy.Nanvar numpy.Percentile numpy.Quantile numpy.Trapezoid numpy.UnravelIndex ' +
      'numpy.Vander math.CDist math.ExtractSequences nn.AdaptiveAveragePool nn.AdaptiveMaxPool nn.BinaryCrossentropy nn.CTCDecode nn.CTCLoss ' +
      'nn.CategoricalCrossentropy nn.ConvTranspose nn.DotProductAttention nn.Fold nn.PSNR nn.SeparableConv nn.SparseCategoricalCrossentropy ' +
      'nn.Unfold image.AffineTransform image.ElasticTransform image.ExtractPatches image.GaussianBlur image.HSVToRGB image.MapCoordinates ' +
      'image.PerspectiveTransform image.RGBToHSV image.SSIM image.ScaleAndTranslate image.SobelEdges einops.Rearrange',
  ],
];

const refused = (name: string, reason: string): LayerRow =>
  layer({
    className: `ops.${name}`,
    only: 3,
    refused: true,
    doc: reason,
    config: object({}),
    takesAny: true,
    onMask: 'drops',
    lower: (layer) =>
      layer.unsupported(
        `skipc does not compile keras.ops.${name}: ${reason}`,
        `give it as a plug-in, a layer({ className: 'ops.${name}', ... }) in --plugin ./my-layers.ts; or choose an --output before it`,
      ),
  }) as LayerRow;

/** A row for each, which raises `layer-unsupported`. */
export const refusedOperations: readonly LayerRow[] = REASONS.flatMap(([reason, names]) =>
  names.split(' ').map((name) => refused(name, reason)),
);
