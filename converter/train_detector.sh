#!/usr/bin/env bash
# The shipped detector again, from the photos in DATA (first argument) into OUT (second): `make detector`.
# Steps, scenes and seed can be varied through the environment; models/detector.md says which made the shipped file.
set -euo pipefail
data=${1:?the folder of the training data}
out=${2:?the folder for the results}
convert=.venv-converter/bin/autovelox-convert
labels=(--labels "$data/detect/boxes.csv" --images "$data/detect/images")
corrections=()
for file in converter/data/*labels*.csv; do
  corrections+=(--corrections "$file")
done

"$convert" dataset "${labels[@]}" --use train "${corrections[@]}" --fonts "$data/fonts" \
  --squeezed experiment_plates=1.6 --squeezed roboflow_useu=1.6 \
  --validation-share 0.04 --scenes "${SCENES:-16000}" --seed "${SEED:-31}" --out "$out/dataset" --preview "$out/scenes.jpg"
"$convert" train --dataset "$out/dataset" --out "$out/training" --steps "${STEPS:-4600}" --freeze 3 \
  --tfjs build/weights/package/models/coco-ssd
"$convert" export --training "$out/training" --out "$out/export" --size 512x288
"$convert" quantize --export "$out/export" --dataset "$out/dataset" --out "$out/tflite" "${labels[@]}" --use measure
echo "Copy $out/tflite/detector_int8.tflite with its .json to models/ to ship it."
