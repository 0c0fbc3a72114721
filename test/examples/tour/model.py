"""The model of the tour, in two versions: python model.py writes model.keras and changed.keras beside it."""

import keras
from keras import layers


def tagger(kinds: int, wide: bool) -> keras.Model:
    """Tells what is on a small image (`label`), and early in the network what kind of thing it is (`kind`)."""
    image = keras.Input((28, 28, 1), name="image")
    x = layers.Rescaling(1 / 255, name="rescale")(image)
    x = layers.RandomRotation(0.1, name="augment")(x)
    for i, filters in enumerate([16, 32]):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"conv{i}")(x)
        x = layers.BatchNormalization(name=f"norm{i}")(x)
        x = layers.ReLU(name=f"relu{i}")(x)
        x = layers.MaxPooling2D(name=f"pool{i}")(x)
    trunk = x

    x = layers.GlobalAveragePooling2D(name="kind_pool")(trunk)
    if wide:
        x = layers.Dense(24, activation="relu", name="kind_hidden")(x)
    x = layers.Dropout(0.3, name="kind_dropout")(x)
    kind = layers.Dense(kinds, activation="softmax", name="kind")(x)

    x = layers.Conv2D(64, 3, padding="same", use_bias=False, name="conv2")(trunk)
    x = layers.BatchNormalization(name="norm2")(x)
    x = layers.ReLU(name="relu2")(x)
    x = layers.GlobalAveragePooling2D(name="label_pool")(x)
    label = layers.Dense(10, activation="softmax", name="label")(x)
    return keras.Model(image, {"kind": kind, "label": label}, name="tagger")


if __name__ == "__main__":
    keras.utils.set_random_seed(7)
    model = tagger(kinds=3, wide=False)
    # Statistics as training leaves them: not those of a fresh layer.
    rng = keras.random.SeedGenerator(7)
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.gamma.assign(keras.random.uniform(layer.gamma.shape, 0.5, 1.5, seed=rng))
            layer.beta.assign(keras.random.normal(layer.beta.shape, 0, 0.2, seed=rng))
            layer.moving_mean.assign(keras.random.normal(layer.moving_mean.shape, 0, 0.2, seed=rng))
            layer.moving_variance.assign(keras.random.uniform(layer.moving_variance.shape, 0.3, 2, seed=rng))
    model.save("model.keras")

    changed = tagger(kinds=4, wide=True)
    kept = {layer.name: layer for layer in model.layers}
    for layer in changed.layers:
        if layer.name in kept and [v.shape for v in layer.weights] == [v.shape for v in kept[layer.name].weights]:
            layer.set_weights(kept[layer.name].get_weights())
    changed.save("changed.keras")
